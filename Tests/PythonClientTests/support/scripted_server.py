"""A server on loopback that does what a test says, connection by connection."""

import queue
import socket
import ssl
import threading

from needletail import frames

from . import server_frames

#: Longer than anything takes that goes well.
PATIENCE = 10


class Hangup(Exception):
    """The client is gone."""


class Connection:
    """The server's side of one connection."""

    def __init__(self, plain):
        self.socket = plain
        self.hello = None
        self._reader = frames.FrameReader(16 << 20)
        self._frames = []

    def greet(self, **changes):
        """The usual beginning. `changes` are those of WELCOME."""
        self.read_hello()
        self.send(frames.PREFACE + server_frames.welcome(self.hello_id, **changes))
        return self

    def read_hello(self):
        assert self.read_bytes(len(frames.PREFACE)) == frames.PREFACE
        frame = self.next_frame()
        assert frame.type == frames.HELLO
        self.hello_id, self.hello = frame.request_id, server_frames.read_hello(frame.body)

    def read_bytes(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise Hangup
            data += more
        return data

    def next_frame(self):
        while not self._frames:
            try:
                data = self.socket.recv(1 << 16)
            except ConnectionError:
                data = b""
            if not data:
                raise Hangup
            self._frames += self._reader.feed(data)
        return self._frames.pop(0)

    def next_publish(self):
        """Request id and event ids of the next PUBLISH; PINGs before it are answered."""
        while True:
            frame = self.next_frame()
            if frame.type == frames.PING:
                self.pong(frame)
            elif frame.type == frames.CLOSE:
                raise Hangup
            else:
                assert frame.type == frames.PUBLISH, hex(frame.type)
                return frame.request_id, server_frames.read_publish(frame.body)

    def pong(self, frame):
        ping = frames.decode_ping(frame.body)
        body = frames.encode_pong(frames.Pong(ping.opaque, ping.sent_at, 1, 2))
        self.send(frames.encode_frame(frames.PONG, body, frame.request_id))

    def send(self, data):
        self.socket.sendall(data)

    def ack(self, request_id, count, *answers, **more):
        self.send(server_frames.ack(request_id, count, list(answers) or None, **more))

    def accept_all(self):
        """Stores whatever comes, until the client goes. Returns the ids."""
        stored = []
        try:
            while True:
                request_id, ids = self.next_publish()
                stored += ids
                self.ack(request_id, len(ids))
        except Hangup:
            return stored

    def read_to_end(self):
        """Waits until the client goes."""
        try:
            while True:
                self.next_frame()
        except Hangup:
            pass


class ScriptedServer:
    """Runs the n-th script on the n-th connection, the last one on all that follow. A script is a function of a Connection;
    when it returns the connection is closed."""

    def __init__(self, *scripts, ssl_context=None, unix_path=None):
        self._scripts = scripts
        self._ssl_context = ssl_context
        # One for each connection, made by whoever comes first.
        self._results = {}
        self._next_result = 0
        self.errors = []
        if unix_path:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(unix_path)
            self._listener.listen()
            self.address = f"unix:{unix_path}"
        else:
            self._listener = socket.create_server(("127.0.0.1", 0))
            self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        self._open = []
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()

    def result(self):
        """What the script of the first connection returned; of the second when asked again, and so on."""
        number, self._next_result = self._next_result, self._next_result + 1
        return self._results.setdefault(number, queue.Queue()).get(timeout=PATIENCE)

    def _listen(self):
        number = 0
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(plain)
            thread = threading.Thread(target=self._run, args=(number, plain), daemon=True)
            number += 1
            self._threads.append(thread)
            thread.start()

    def _run(self, number, plain):
        script = self._scripts[min(number, len(self._scripts) - 1)]
        results = self._results.setdefault(number, queue.Queue())
        plain.settimeout(PATIENCE)
        try:
            if self._ssl_context:
                plain = self._ssl_context.wrap_socket(plain, server_side=True)
            results.put(script(Connection(plain)))
        except (Hangup, ssl.SSLError, ConnectionError) as error:
            results.put(error)
        except Exception as error:
            self.errors.append(error)
        finally:
            plain.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        # Wakes accept(), which close() alone does not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for plain in self._open:
            try:
                plain.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self._threads:
            thread.join(PATIENCE)
        if kind is None and self.errors:
            raise self.errors[0]
