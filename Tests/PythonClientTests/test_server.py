"""Both publishers against `needletail serve`."""

import os
import shutil
import tempfile
import threading
import time
import unittest

from needletail import (
    ClosedByServer,
    Event,
    EventRefused,
    PublishFailed,
    Status,
    TLSFailed,
    event_id_from_key,
    tls_context,
    uuid7,
)

from .support.places import CERTIFICATES, NEEDLETAIL
from .support.publishers import KEY, Asynchronous, Threaded, events, until
from .support.real_server import Installation, serve_knows


@unittest.skipUnless(NEEDLETAIL.exists(), f"{NEEDLETAIL} is not built")
class ServerTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = Installation().start()

    @classmethod
    def tearDownClass(cls):
        cls.installation.server.stop()
        cls.installation.__exit__(None, None, None)

    def each(self, **named):
        for kind in (Threaded, Asynchronous):
            with self.subTest(kind.name), kind(self.installation.address, **named) as publisher:
                yield publisher

    def test_the_welcome(self):
        for publisher in self.each():
            welcome = publisher.connect()
            self.assertEqual((welcome.durability, welcome.minor_version), (2, 0))

    def test_each_answer(self):
        far = int(time.time() * 1000) + 40 * 86_400_000
        for publisher in self.each():
            key = str(uuid7())
            first = Event("acme", "order.placed", b"{}", id=event_id_from_key("acme", key))
            cases = [
                (first, Status.ACCEPTED_NO_MATCH),
                (first, Status.DUPLICATE),
                (Event("acme", "order.placed", b"{1}", id=first.id), Status.CONFLICT),
                (Event("nobody", "order.placed"), Status.UNKNOWN_TENANT),
                (Event("closed", "order.placed"), Status.TENANT_DISABLED),
                (Event("acme", "order.placed", deliver_at=far), Status.BAD_TIME),
                (Event("acme", "order.placed", bytes(256 * 1024 + 1)), Status.TOO_LARGE),
                (Event("acme", "order.placed", bytes(256 * 1024)), Status.ACCEPTED_NO_MATCH),
                (Event("acme", "order.placed", bytes(2 << 20)), Status.TOO_LARGE),
                (Event("acme", "a", b"x", correlation_id="é" * 64, attributes={"actor": "zoë"}), Status.ACCEPTED_NO_MATCH),
            ]
            receipts = publisher.publish_many([event for event, _ in cases])
            self.assertEqual([receipt.status for receipt in receipts], [status for _, status in cases])
            self.assertGreater(receipts[0].commit, 0)

    def test_a_narrow_key(self):
        for publisher in self.each(key=f"{KEY}-narrow"):
            with self.assertRaises(EventRefused) as caught:
                publisher.publish(events(1)[0])
            self.assertEqual(caught.exception.receipt.status, Status.FORBIDDEN)

    def test_a_wrong_key(self):
        for publisher in self.each(key="nobody-gave-us-this-key"):
            with self.assertRaises(PublishFailed):
                publisher.publish(events(1)[0])

    def test_many_times_the_window(self):
        for publisher in self.each(window_events=300, batch_events=100, max_pending_events=5_000):
            receipts = publisher.publish_many(events(10_000))
            self.assertEqual({receipt.status for receipt in receipts}, {Status.ACCEPTED_NO_MATCH})
            self.assertEqual(publisher.counters.connections, 1)

    def test_the_pure_checksum(self):
        from needletail import checksum

        before = checksum.backend
        checksum.use("folding")
        try:
            for publisher in self.each():
                for size in (0, 1, 100, 5_000, 250_000):
                    self.assertTrue(publisher.publish(events(1, payload=bytes(size))[0]).stored)
        finally:
            checksum.use(before)


@unittest.skipUnless(NEEDLETAIL.exists(), f"{NEEDLETAIL} is not built")
class DrainTests(unittest.TestCase):
    def test_a_server_that_drains_and_comes_back(self):
        """SIGTERM under load, then a start: no event is lost, and none that was sent again is stored twice."""
        for kind in (Threaded, Asynchronous):
            with self.subTest(kind.name), Installation() as installation:
                with kind(installation.address, batch_events=50, publish_timeout=30) as publisher:
                    batch = events(4_000)
                    receipts = []
                    load = threading.Thread(target=lambda: receipts.extend(publisher.publish_many(batch)))
                    load.start()
                    until(lambda: publisher.counters.stored >= 500)
                    installation.server.stop()
                    installation.start()
                    load.join()
                    self.assertEqual(len(receipts), 4_000)
                    self.assertTrue(all(receipt.stored for receipt in receipts))
                    again = publisher.publish_many(batch)
                self.assertEqual({receipt.status for receipt in again}, {Status.DUPLICATE})


@unittest.skipUnless(serve_knows("--tls-certificate"), f"{NEEDLETAIL} is not built, or has no TLS")
class TransportTests(unittest.TestCase):
    """TLS and the Unix socket."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.socket = os.path.join(cls.folder.name, "ingest")
        key = os.path.join(cls.folder.name, "server.key")
        shutil.copy(CERTIFICATES / "server.key", key)
        os.chmod(key, 0o600)
        flags = ["--tls-certificate", str(CERTIFICATES / "server.pem"), "--tls-key", key, "--unix-socket", cls.socket]
        cls.installation = Installation(flags=flags).start()

    @classmethod
    def tearDownClass(cls):
        cls.installation.server.stop()
        cls.installation.__exit__(None, None, None)
        cls.folder.cleanup()

    def each(self, address, **named):
        for kind in (Threaded, Asynchronous):
            with self.subTest(kind.name), kind(address, **named) as publisher:
                yield publisher

    def test_tls(self):
        for publisher in self.each(self.installation.address, ssl_context=tls_context(str(CERTIFICATES / "ca.pem"))):
            self.assertTrue(all(receipt.stored for receipt in publisher.publish_many(events(3_000))))

    def test_an_authority_that_we_do_not_trust(self):
        for publisher in self.each(self.installation.address, ssl_context=tls_context()):
            with self.assertRaises(PublishFailed) as caught:
                publisher.publish(events(1)[0])
            self.assertIsInstance(caught.exception.__cause__, TLSFailed)

    def test_plaintext_is_answered_with_tls_required(self):
        for publisher in self.each(self.installation.address):
            with self.assertRaisesRegex(PublishFailed, "TLS") as caught:
                publisher.publish(events(1)[0])
            self.assertIsInstance(caught.exception.__cause__, ClosedByServer)

    def test_the_unix_socket(self):
        for publisher in self.each(f"unix:{self.socket}"):
            self.assertTrue(all(receipt.stored for receipt in publisher.publish_many(events(3_000))))
