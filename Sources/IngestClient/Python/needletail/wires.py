"""The sockets of the threaded publisher, on one selector."""

from __future__ import annotations

import selectors
import socket
import ssl
import threading
import time
from typing import Optional, Union

from .connecting import connect, connect_failure, end_of
from .engine import Engine
from .errors import ConnectionFailed
from .link import Link, State
from .settings import Settings

_READ_BYTES = 256 * 1024
_WOULD_BLOCK = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class _Wire:
    """A connected socket, and the bytes that it has not accepted yet."""

    def __init__(self, connected: socket.socket):
        self.socket = connected
        self.unsent = memoryview(b"")
        self.failure: Optional[OSError] = None


class Wires:
    """Performs the engine's actions. Confined to one thread, except `ring`."""

    def __init__(self, settings: Settings):
        self.engine: Engine
        self._settings = settings
        self._wires: dict[Link, _Wire] = {}
        self._selector = selectors.DefaultSelector()
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._selector.register(self._ear, selectors.EVENT_READ, None)
        # Under the lock: what other threads do.
        self._lock = threading.Lock()
        self._has_rung = False
        self._has_ended = False
        self._dialed: list[tuple[Link, Union[socket.socket, ConnectionFailed]]] = []

    # Waiting

    def ring(self) -> None:
        """Wakes `wait`, now or when it is next called. For any thread."""
        with self._lock:
            if not self._has_rung and not self._has_ended:
                self._has_rung = True
                self._bell.send(b"\0")

    def wait(self, timeout: Optional[float]) -> None:
        """Waits for bytes, for space to write, or for a wake-up, and tells the engine what came."""
        for key, mask in self._selector.select(timeout):
            link: Optional[Link] = key.data
            if link is None:
                self._ear.recv(1)
                with self._lock:
                    self._has_rung = False
                continue
            if link in self._wires and mask & selectors.EVENT_WRITE:
                self.flush(link)
            if link in self._wires and mask & selectors.EVENT_READ:
                self._read(link)

    def take_news(self, now: float) -> None:
        """Tells the engine the results of connecting and of writing."""
        with self._lock:
            dialed, self._dialed = self._dialed, []
        for link, outcome in dialed:
            self._take_dialed(link, outcome, now)
        for link, wire in list(self._wires.items()):
            if wire.failure is not None:
                self.engine.ended(link, end_of(link.address, wire.failure), now)

    def close(self) -> None:
        """The end; the engine has closed all connections."""
        with self._lock:
            self._has_ended = True
            dialed, self._dialed = self._dialed, []
        for _, outcome in dialed:
            if isinstance(outcome, socket.socket):
                outcome.close()
        self._selector.close()
        self._bell.close()
        self._ear.close()

    # Connecting

    def dial(self, link: Link) -> None:
        """Connects on a separate thread, because name look-ups and TLS handshakes block."""
        try:
            threading.Thread(target=self._dial, args=(link,), name="needletail-dial", daemon=True).start()
        except RuntimeError:
            # The interpreter is shutting down and starts no more threads, so this thread blocks.
            self._dial(link)

    def _dial(self, link: Link) -> None:
        outcome: Union[socket.socket, ConnectionFailed]
        try:
            outcome = connect(link.address, self._settings)
        except ConnectionFailed as error:
            outcome = error
        except Exception as error:  # For example an invalid name: the engine must be told too.
            outcome = connect_failure(link.address, error, self._settings.options.connect_timeout)
        with self._lock:
            is_wanted = not self._has_ended
            if is_wanted:
                self._dialed.append((link, outcome))
        if is_wanted:
            self.ring()
        elif isinstance(outcome, socket.socket):
            outcome.close()

    def _take_dialed(self, link: Link, outcome: Union[socket.socket, ConnectionFailed], now: float) -> None:
        if isinstance(outcome, ConnectionFailed):
            self.engine.ended(link, outcome, now)
        elif link.state == State.ENDED:
            outcome.close()
        else:
            outcome.setblocking(False)
            self._wires[link] = _Wire(outcome)
            self._selector.register(outcome, selectors.EVENT_READ, link)
            self.engine.dialed(link, now)

    def hang_up(self, link: Link) -> None:
        self.flush(link)
        wire = self._wires.pop(link, None)
        if wire is not None:
            self._selector.unregister(wire.socket)
            wire.socket.close()

    # Bytes

    def flush(self, link: Link) -> None:
        """Writes what the socket accepts now. A failure is kept for `take_news`, because the engine is in the middle
        of a call.
        """
        wire = self._wires.get(link)
        if wire is None or wire.failure is not None:
            return
        try:
            while wire.unsent or link.output:
                if not wire.unsent:
                    wire.unsent = memoryview(b"".join(link.output))
                    link.output.clear()
                wire.unsent = wire.unsent[wire.socket.send(wire.unsent) :]
            is_blocked = False
        except _WOULD_BLOCK:
            is_blocked = True
        except OSError as error:
            wire.failure = error
            is_blocked = True
            self.ring()
        if is_blocked != link.is_blocked:
            link.is_blocked = is_blocked
            wanted = selectors.EVENT_READ
            if is_blocked and wire.failure is None:
                wanted |= selectors.EVENT_WRITE
            self._selector.modify(wire.socket, wanted, link)

    def _read(self, link: Link) -> None:
        # Read once: a TLS record is shorter than the requested size, so TLS holds nothing back that the selector does
        # not know of.
        try:
            data = self._wires[link].socket.recv(_READ_BYTES)
        except _WOULD_BLOCK:
            return
        except OSError as error:
            self.engine.ended(link, end_of(link.address, error), time.monotonic())
            return
        if data:
            self.engine.received(link, data, time.monotonic())
        else:
            self.engine.ended(link, end_of(link.address, None), time.monotonic())
