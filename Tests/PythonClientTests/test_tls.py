"""TLS, against a scripted server behind `ssl`. Each test holds for both publishers."""

import ssl
import unittest

from needletail import PublishFailed, PublishTimeout, TLSFailed, tls_context
from needletail.settings import ALPN

from .support.places import CERTIFICATES
from .support.publishers import Asynchronous, Threaded, events
from .support.scripted_server import ScriptedServer

AUTHORITY = str(CERTIFICATES / "ca.pem")
CLIENT = str(CERTIFICATES / "client.pem")


def server_context(wants_client=False):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(CERTIFICATES / "server.pem"), str(CERTIFICATES / "server.key"))
    context.set_alpn_protocols([ALPN])
    if wants_client:
        context.load_verify_locations(AUTHORITY)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def accepting(connection):
    session = connection.socket
    connection.greet().accept_all()
    return session.selected_alpn_protocol(), session.version(), session.getpeercert()


class TLSTests:
    """Mixed into a TestCase for each publisher."""

    def test_publishes_under_tls(self):
        with ScriptedServer(accepting, ssl_context=server_context()) as server:
            with self.publisher(server.address, ssl_context=tls_context(AUTHORITY)) as publisher:
                # More than one TLS record, both ways.
                receipts = publisher.publish_many(events(2000, payload=bytes(500)))
            protocol, version, certificate = server.result()
        self.assertTrue(all(receipt.stored for receipt in receipts))
        self.assertEqual((protocol, version, certificate), ("needletail/1", "TLSv1.3", None))

    def test_a_client_certificate(self):
        with ScriptedServer(accepting, ssl_context=server_context(wants_client=True)) as server:
            with self.publisher(server.address, ssl_context=tls_context(AUTHORITY, CLIENT)) as publisher:
                self.assertTrue(publisher.publish(events(1)[0]).stored)
            certificate = server.result()[2]
        self.assertIn((("commonName", "needletail test client"),), certificate["subject"])

    def test_a_missing_client_certificate_is_reported(self):
        with ScriptedServer(accepting, ssl_context=server_context(wants_client=True)) as server:
            with self.publisher(server.address, ssl_context=tls_context(AUTHORITY)) as publisher:
                # TLS 1.3 tells after the handshake; where the alert is overtaken by the reset it is a lost connection.
                with self.assertRaises((PublishFailed, PublishTimeout)) as caught:
                    publisher.publish(events(1)[0], timeout=0.5)
        self.assertFalse(caught.exception.in_doubt)

    def test_an_unknown_authority_is_refused(self):
        with ScriptedServer(accepting, ssl_context=server_context()) as server:
            with self.publisher(server.address, ssl_context=tls_context()) as publisher:
                with self.assertRaisesRegex(PublishFailed, "certificate|issuer") as caught:
                    publisher.publish(events(1)[0])
        self.assertIsInstance(caught.exception.__cause__, TLSFailed)

    def test_another_name_is_refused(self):
        with ScriptedServer(accepting, ssl_context=server_context()) as server:
            # Not in the certificate, and the same machine.
            address = server.address.replace("127.0.0.1", "127.0.0.2")
            with self.publisher(address, ssl_context=tls_context(AUTHORITY)) as publisher:
                with self.assertRaises((PublishFailed, PublishTimeout)):
                    publisher.publish(events(1)[0], timeout=0.3)

    def test_a_plaintext_server_is_reported(self):
        def plain(connection):
            connection.socket.recv(100)
            connection.send(b"no TLS here")

        with ScriptedServer(plain) as server:
            with self.publisher(server.address, ssl_context=tls_context(AUTHORITY)) as publisher:
                with self.assertRaises(PublishFailed) as caught:
                    publisher.publish(events(1)[0])
        self.assertIsInstance(caught.exception.__cause__, TLSFailed)

    def test_a_lost_connection_is_made_again(self):
        def losing(connection):
            connection.greet().next_publish()

        with ScriptedServer(losing, accepting, ssl_context=server_context()) as server:
            with self.publisher(server.address, ssl_context=tls_context(AUTHORITY)) as publisher:
                receipts = publisher.publish_many(events(10))
        self.assertTrue(all(receipt.stored for receipt in receipts))
        self.assertEqual(publisher.counters.connections, 2)


class ThreadedTLSTests(TLSTests, unittest.TestCase):
    publisher = Threaded


class AsynchronousTLSTests(TLSTests, unittest.TestCase):
    publisher = Asynchronous
