"""Connections that end, refuse, leave or are slow, by a scripted server. Each test holds for both publishers."""

import os
import tempfile
import unittest

from needletail import (
    AuthenticationFailed,
    ClosedByServer,
    NotNeedletail,
    PublishFailed,
    PublishTimeout,
    Status,
    Unreachable,
    frames,
)

from .support import server_frames
from .support.publishers import KEY, Asynchronous, Threaded, events
from .support.scripted_server import ScriptedServer


def accepting(connection):
    return connection.greet().accept_all()


def publishing_once(connection):
    """Reads a frame and closes the connection without an answer."""
    return connection.greet().next_publish()[1]


class ConnectionTests:
    """Mixed into a TestCase for each publisher."""

    def resends_after(self, script, expected):
        """The script fails in some way after it read the ids; all come again in order on the next connection."""
        batch = events(5)
        with ScriptedServer(script, accepting) as server:
            with self.publisher(server.address) as publisher, self.assertLogs("needletail", "WARNING") as logs:
                self.assertTrue(all(receipt.stored for receipt in publisher.publish_many(batch)))
            server.result()
            self.assertEqual(server.result(), [event.id.hex for event in batch])
        self.assertRegex(logs.output[0], expected)
        return publisher.counters

    def test_a_lost_connection_resends_everything_in_order(self):
        counters = self.resends_after(publishing_once, "lost: the server closed it")
        self.assertEqual((counters.resent, counters.connections, counters.stored), (5, 2, 5))

    def test_a_close_inside_a_frame(self):
        def script(connection):
            request, ids = connection.greet().next_publish()
            connection.send(server_frames.ack(request, len(ids))[:-3])

        self.resends_after(script, "lost")

    def test_an_answer_before_the_damage_counts(self):
        def script(connection):
            connection.greet()
            request, ids = connection.next_publish()
            connection.send(server_frames.ack(request, len(ids)) + bytes(24))

        with ScriptedServer(script, accepting) as server:
            with self.publisher(server.address) as publisher:
                publisher.publish_many(events(5))
                publisher.publish_many(events(1))
            self.assertEqual(publisher.counters.resent, 0)

    def test_wrong_checksums_end_the_connection(self):
        for byte in (0, 16, 20, 24):

            def script(connection):
                request, ids = connection.greet().next_publish()
                damaged = bytearray(server_frames.ack(request, len(ids)))
                damaged[byte] ^= 1
                connection.send(bytes(damaged))
                connection.read_to_end()

            with self.subTest(byte=byte):
                self.resends_after(script, "wrong checksum")

    def test_answers_to_unknown_requests_end_the_connection(self):
        for request, count, form in ((99, 5, 0), (None, 4, 0), (None, 6, 0), (None, 0, 0)):

            def script(connection):
                mine, _ = connection.greet().next_publish()
                connection.ack(request or mine, count, form=form)
                connection.read_to_end()

            with self.subTest(request=request, count=count):
                self.resends_after(script, "an ACK for")

    def test_frames_out_of_place_end_the_connection(self):
        for frame in (server_frames.welcome(), frames.encode_frame(frames.HELLO, frames.encode_hello("k", "n"))):

            def script(connection):
                connection.greet().next_publish()
                connection.send(frame)
                connection.read_to_end()

            self.resends_after(script, "an unexpected frame")

    def test_each_close_is_reported_by_its_name(self):
        for status in (Status.INTERNAL, Status.TIMEOUT, Status.WINDOW_EXCEEDED, Status(0x04FE)):

            def script(connection):
                connection.greet().next_publish()
                connection.send(server_frames.close(status, "because"))

            self.resends_after(script, f"{status.name}: because")

    def test_a_damaged_answer_is_not_seen_as_an_answer_of_class_4(self):
        def script(connection):
            request, ids = connection.greet().next_publish()
            connection.ack(request, len(ids), (0x0409, 0), form=2)
            connection.read_to_end()

        with ScriptedServer(script, accepting) as server, self.publisher(server.address) as publisher:
            self.assertTrue(publisher.publish(events(1)[0]).stored)

    # Refused

    def test_a_wrong_key_ends_waiting_events_at_once(self):
        def script(connection):
            connection.read_hello()
            connection.send(frames.PREFACE + server_frames.close(Status.AUTH_FAILED))

        with ScriptedServer(script) as server, self.publisher(server.address) as publisher:
            with self.assertRaises(PublishFailed) as caught:
                publisher.publish(events(1)[0])
            self.assertIsInstance(caught.exception.__cause__, AuthenticationFailed)
            self.assertFalse(caught.exception.in_doubt)
            with self.assertRaises(AuthenticationFailed):
                publisher.connect()

    def test_a_removed_key_ends_waiting_events(self):
        def script(connection):
            request, _ = connection.greet().next_publish()
            connection.send(server_frames.close(Status.AUTH_FAILED))

        with ScriptedServer(script) as server, self.publisher(server.address) as publisher:
            with self.assertRaises(PublishFailed) as caught:
                publisher.publish(events(1)[0])
            self.assertTrue(caught.exception.in_doubt)

    def test_a_key_that_one_of_two_servers_knows(self):
        def refusing(connection):
            connection.read_hello()
            connection.send(frames.PREFACE + server_frames.close(Status.AUTH_FAILED))

        with ScriptedServer(refusing) as wrong, ScriptedServer(accepting) as right:
            with self.publisher([wrong.address, right.address]) as publisher:
                publisher.connect()
                self.assertTrue(publisher.publish(events(1)[0]).stored)

    def test_other_protocols_are_reported(self):
        def web(connection):
            connection.read_hello()
            connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        def tls(connection):
            connection.send(bytes.fromhex("15030100020246"))

        def version_2(connection):
            connection.read_hello()
            connection.send(frames.PREFACE[:-1] + b"\x02" + server_frames.close(Status.UNSUPPORTED_VERSION))

        def tls_only(connection):
            connection.read_hello()
            connection.send(frames.PREFACE + server_frames.close(Status.TLS_REQUIRED))

        for script, cause in ((web, NotNeedletail), (tls, NotNeedletail), (version_2, ClosedByServer), (tls_only, ClosedByServer)):
            with self.subTest(script.__name__), ScriptedServer(script) as server:
                with self.publisher(server.address) as publisher, self.assertRaises(PublishFailed) as caught:
                    publisher.publish(events(1)[0])
                self.assertIsInstance(caught.exception.__cause__, cause)

    def test_no_server_listens(self):
        with ScriptedServer(accepting) as server:
            address = server.address
        with self.publisher(address) as publisher, self.assertRaises(PublishTimeout) as caught:
            publisher.publish(events(1)[0], timeout=0.1)
        self.assertIsInstance(caught.exception.__cause__, Unreachable)
        self.assertFalse(caught.exception.in_doubt)

    def test_the_next_address_is_tried(self):
        with ScriptedServer(accepting) as gone:
            nowhere = gone.address
        with ScriptedServer(accepting) as server, self.publisher([nowhere, server.address]) as publisher:
            self.assertTrue(publisher.publish(events(1)[0]).stored)

    def test_a_server_without_a_welcome(self):
        def silent(connection):
            connection.read_hello()
            connection.read_to_end()

        with ScriptedServer(silent, accepting) as server:
            with self.publisher(server.address, welcome_timeout=0.05) as publisher:
                self.assertTrue(publisher.publish(events(1)[0]).stored)

    def test_a_server_that_stops_answering(self):
        def silent(connection):
            connection.greet().next_publish()
            connection.read_to_end()

        with ScriptedServer(silent, accepting) as server:
            with self.publisher(server.address, answer_timeout=0.05) as publisher, self.assertLogs("needletail") as logs:
                self.assertTrue(publisher.publish(events(1)[0]).stored)
            self.assertIn("no answer from", "".join(logs.output))

    # Orderly ends

    def test_hello_names_the_client(self):
        def script(connection):
            connection.greet()
            return connection.hello

        with ScriptedServer(script) as server, self.publisher(server.address):
            minor, features, key, name = server.result()
            self.assertEqual((minor, features, key), (0, 0, KEY))
            self.assertIn("python", name)

    def test_a_warning_for_a_server_that_does_not_sync(self):
        def script(connection):
            return connection.greet(durability=1).accept_all()

        with ScriptedServer(script) as server, self.assertLogs("needletail", "WARNING") as logs:
            with self.publisher(server.address) as publisher:
                self.assertEqual(publisher.connect().durability, 1)
        self.assertIn("before its disk has synced", logs.output[0])

    def test_a_longest_hello(self):
        with ScriptedServer(accepting) as server:
            with self.publisher(server.address, key="k" * 4000) as publisher:
                self.assertTrue(publisher.publish(events(1)[0]).stored)

    def test_a_preface_in_pieces(self):
        def script(connection):
            connection.read_hello()
            for byte in frames.PREFACE + server_frames.welcome(connection.hello_id):
                connection.send(bytes([byte]))
            return connection.accept_all()

        with ScriptedServer(script) as server, self.publisher(server.address) as publisher:
            self.assertTrue(publisher.publish(events(1)[0]).stored)

    def test_after_go_away_answers_arrive_and_events_go_to_another_server(self):
        def leaving(connection):
            connection.greet()
            first, ids = connection.next_publish()
            connection.send(server_frames.go_away(5_000, 20))
            # Nothing new may come; the answer still does.
            connection.ack(first, len(ids))
            connection.read_to_end()
            return ids

        old, new = events(3), events(3)
        with ScriptedServer(leaving, accepting) as server:
            with self.publisher(server.address) as publisher:
                self.assertTrue(all(receipt.stored for receipt in publisher.publish_many(old)))
                self.assertTrue(all(receipt.stored for receipt in publisher.publish_many(new)))
            self.assertEqual(server.result(), [event.id.hex for event in old])
            self.assertEqual(server.result(), [event.id.hex for event in new])
        self.assertEqual((publisher.counters.resent, publisher.counters.asked_to_leave), (0, 1))

    def test_go_away_without_an_answer_ends_with_the_grace(self):
        def leaving(connection):
            connection.greet().next_publish()
            connection.send(server_frames.go_away(0, 0))
            connection.read_to_end()

        with ScriptedServer(leaving, accepting) as server, self.publisher(server.address) as publisher:
            self.assertTrue(publisher.publish(events(1)[0]).stored)

    def test_pings_are_answered(self):
        def script(connection):
            connection.greet()
            ping = frames.Ping(b"12345678", 77)
            connection.send(frames.encode_frame(frames.PING, frames.encode_ping(ping), 9))
            frame = connection.next_frame()
            return frame.request_id, frame.type, frames.decode_pong(frame.body)[:2]

        with ScriptedServer(script) as server, self.publisher(server.address):
            self.assertEqual(server.result(), (9, frames.PONG, (b"12345678", 77)))

    def test_an_idle_connection_is_kept_alive(self):
        def script(connection):
            connection.greet(idle_timeout_ms=90)
            for _ in range(3):
                frame = connection.next_frame()
                assert frame.type == frames.PING
                connection.pong(frame)
            return "three"

        with ScriptedServer(script) as server:
            with self.publisher(server.address) as publisher:
                publisher.connect()
                self.assertEqual(server.result(), "three")

    def test_a_unix_socket(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "ingest")
            with ScriptedServer(accepting, unix_path=path) as server, self.publisher(server.address) as publisher:
                self.assertTrue(publisher.publish(events(1)[0]).stored)
            with self.publisher(f"unix:{path}-not") as publisher, self.assertRaises(PublishTimeout) as caught:
                publisher.publish(events(1)[0], timeout=0.05)
            self.assertIsInstance(caught.exception.__cause__, Unreachable)

    def test_a_flood_of_pings_ends_the_connection(self):
        """A client that answers must not fill its memory with answers that its peer does not read."""

        def script(connection):
            connection.greet()
            ping = frames.encode_frame(frames.PING, frames.encode_ping(frames.Ping(bytes(8), 0)))
            connection.socket.settimeout(None)
            try:
                while True:
                    connection.send(ping * 1000)
            except OSError:
                return "cut"

        with ScriptedServer(script, accepting) as server, self.publisher(server.address) as publisher:
            self.assertEqual(server.result(), "cut")
            self.assertTrue(publisher.publish(events(1)[0]).stored)


class ThreadedConnectionTests(ConnectionTests, unittest.TestCase):
    publisher = Threaded


class AsynchronousConnectionTests(ConnectionTests, unittest.TestCase):
    publisher = Asynchronous
