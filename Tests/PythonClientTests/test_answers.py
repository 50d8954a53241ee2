"""What a publisher does with each answer, by a scripted server. Each test holds for both publishers."""

import time
import unittest

from needletail import BatchIncomplete, EventRefused, PublisherClosed, PublishTimeout, Status

from .support.publishers import Asynchronous, Threaded, events, until
from .support.scripted_server import ScriptedServer


def accepting(connection):
    return connection.greet().accept_all()


class AnswerTests:
    """Mixed into a TestCase for each publisher."""

    def test_a_receipt_for_each_event_in_order(self):
        batch = events(3)

        def script(connection):
            request, ids = connection.greet().next_publish()
            connection.ack(request, 3, (0x0000, 0), (0x0001, 0), (0x0002, 0), commit=42)
            return ids + connection.accept_all()

        with ScriptedServer(script) as server:
            with self.publisher(server.address) as publisher:
                receipts = publisher.publish_many(batch)
            self.assertEqual(server.result(), [event.id.hex for event in batch])
        self.assertEqual([receipt.event_id for receipt in receipts], [event.id for event in batch])
        self.assertEqual([receipt.status for receipt in receipts], list(Status)[:3])
        self.assertTrue(all(receipt.stored and receipt.commit == 42 for receipt in receipts))
        self.assertEqual((publisher.counters.stored, publisher.counters.duplicates), (3, 1))

    def test_a_refusal_is_raised_or_is_a_receipt(self):
        def script(connection):
            connection.greet()
            for _ in range(2):
                request, _ = connection.next_publish()
                connection.ack(request, 1, (0x0306, 0))
            connection.read_to_end()

        with ScriptedServer(script) as server, self.publisher(server.address) as publisher:
            event = events(1)[0]
            with self.assertRaises(EventRefused) as caught:
                publisher.publish(event)
            self.assertEqual(caught.exception.receipt.status, Status.CONFLICT)
            self.assertFalse(caught.exception.in_doubt)
            receipt = publisher.publish(event, raise_on_refusal=False)
            self.assertEqual((receipt.status, receipt.stored), (Status.CONFLICT, False))

    def test_a_refusal_does_not_affect_other_events(self):
        def script(connection):
            request, _ = connection.greet().next_publish()
            connection.ack(request, 3, (0x0000, 0), (0x0300, 0), (0x0000, 0))
            connection.read_to_end()

        with ScriptedServer(script) as server, self.publisher(server.address) as publisher:
            receipts = publisher.publish_many(events(3))
        self.assertEqual([receipt.stored for receipt in receipts], [True, False, True])

    def test_an_unknown_refusal_acts_by_its_class(self):
        def script(connection):
            request, _ = connection.greet().next_publish()
            connection.ack(request, 1, (0x03FE, 0))
            connection.read_to_end()

        with ScriptedServer(script) as server, self.publisher(server.address) as publisher:
            with self.assertRaisesRegex(EventRefused, "UNKNOWN_03FE"):
                publisher.publish(events(1)[0])

    def test_an_event_to_send_again_is_sent_on_the_same_connection_after_its_pause(self):
        for code in (0x0100, 0x0101, 0x0103, 0x01FE):
            with self.subTest(Status(code).name):

                def script(connection):
                    request, first = connection.greet().next_publish()
                    connection.ack(request, 2, (0x0000, 0), (code, 30))
                    request, second = connection.next_publish()
                    connection.ack(request, 1)
                    connection.read_to_end()
                    return first, second

                batch = events(2)
                with ScriptedServer(script) as server:
                    with self.publisher(server.address) as publisher:
                        receipts = publisher.publish_many(batch)
                    first, second = server.result()
                self.assertEqual((first, second), ([e.id.hex for e in batch], [batch[1].id.hex]))
                self.assertTrue(all(receipt.stored for receipt in receipts))
                self.assertEqual((publisher.counters.retried, publisher.counters.connections), (1, 1))

    def test_a_corrupt_frame_is_sent_again_completely(self):
        def script(connection):
            request, first = connection.greet().next_publish()
            connection.ack(request, 0, (0x0102, 1), form=2)
            request, second = connection.next_publish()
            connection.ack(request, len(second))
            connection.read_to_end()
            return first, second

        with ScriptedServer(script) as server:
            with self.publisher(server.address) as publisher:
                publisher.connect()
                receipts = publisher.publish_many(events(5))
            first, second = server.result()
        self.assertTrue(all(receipt.stored for receipt in receipts))
        self.assertEqual(first, second)

    def test_draining_goes_to_another_connection(self):
        def draining(connection):
            request, ids = connection.greet().next_publish()
            connection.ack(request, len(ids), (0x0200, 0), form=2)
            connection.read_to_end()
            return ids

        with ScriptedServer(draining, accepting) as server:
            with self.publisher(server.address) as publisher:
                receipts = publisher.publish_many(events(3))
            self.assertEqual(server.result(), server.result())
        self.assertTrue(all(receipt.stored for receipt in receipts))
        self.assertEqual(publisher.counters.connections, 2)

    def test_a_pause_beyond_the_deadline_ends_at_once(self):
        def script(connection):
            request, _ = connection.greet().next_publish()
            connection.ack(request, 1, (0x0100, 60_000))
            connection.read_to_end()

        with ScriptedServer(script) as server, self.publisher(server.address) as publisher:
            with self.assertRaisesRegex(PublishTimeout, "THROTTLED") as caught:
                publisher.publish(events(1)[0], timeout=5)
            self.assertEqual(caught.exception.receipt.status, Status.THROTTLED)
            self.assertEqual(caught.exception.receipt.retry_after, 60.0)
            self.assertFalse(caught.exception.in_doubt)

    def test_an_event_without_an_answer_is_in_doubt(self):
        def script(connection):
            connection.greet().next_publish()
            connection.read_to_end()

        with ScriptedServer(script) as server, self.publisher(server.address) as publisher:
            with self.assertRaises(PublishTimeout) as caught:
                publisher.publish(events(1)[0], timeout=0.1)
            self.assertTrue(caught.exception.in_doubt)
            publisher.close(0)

    def test_a_deadline_applies_while_other_frames_are_in_flight(self):
        def script(connection):
            connection.greet().next_publish()
            connection.read_to_end()

        with ScriptedServer(script) as server, self.publisher(server.address) as publisher:
            publisher.submit(events(1)[0])
            until(lambda: publisher.counters.frames_sent > 0)
            began = time.monotonic()
            with self.assertRaisesRegex(PublishTimeout, "not sent") as caught:
                publisher.publish(events(1)[0], timeout=0.05)
            self.assertFalse(caught.exception.in_doubt)
            self.assertLess(time.monotonic() - began, 5)
            publisher.close(0)

    def test_a_batch_reports_each_event(self):
        def script(connection):
            request, _ = connection.greet().next_publish()
            connection.ack(request, 2, (0x0000, 0), (0x0100, 60_000))
            connection.read_to_end()

        with ScriptedServer(script) as server, self.publisher(server.address) as publisher:
            with self.assertRaises(BatchIncomplete) as caught:
                publisher.publish_many(events(2), timeout=5)
            stored, error = caught.exception.results
            self.assertTrue(stored.stored)
            self.assertIsInstance(error, PublishTimeout)

    def test_an_empty_batch_sends_nothing(self):
        with ScriptedServer(accepting) as server, self.publisher(server.address) as publisher:
            self.assertEqual(publisher.publish_many([]), [])

    def test_closing_waits_for_answers(self):
        def script(connection):
            connection.greet()
            request, ids = connection.next_publish()
            connection.ack(request, len(ids))
            connection.read_to_end()
            return ids

        batch = events(10)
        with ScriptedServer(script) as server:
            with self.publisher(server.address, linger=60) as publisher:
                futures = [publisher.submit(event) for event in batch]
                publisher.flush()
            self.assertTrue(all(future.result().stored for future in futures))
            self.assertEqual(server.result(), [event.id.hex for event in batch])

    def test_events_without_an_answer_at_the_close_are_reported(self):
        def script(connection):
            connection.greet().next_publish()
            connection.read_to_end()

        with ScriptedServer(script) as server, self.publisher(server.address) as publisher:
            future = publisher.submit(events(1)[0])
            until(lambda: publisher.counters.frames_sent > 0)
            publisher.close(0)
            with self.assertRaises(PublisherClosed) as caught:
                future.result()
            self.assertTrue(caught.exception.in_doubt)

    def test_an_event_that_cannot_fit_is_too_large_and_others_are_sent(self):
        def script(connection):
            return connection.greet(frame_bytes=1000).accept_all()

        batch = events(1) + events(1, payload=bytes(1000)) + events(1)
        with ScriptedServer(script) as server:
            with self.publisher(server.address) as publisher:
                receipts = publisher.publish_many(batch)
            self.assertEqual(server.result(), [batch[0].id.hex, batch[2].id.hex])
        self.assertEqual([receipt.status for receipt in receipts], [Status.ACCEPTED, Status.TOO_LARGE, Status.ACCEPTED])

    def test_the_counters_add_up(self):
        def script(connection):
            request, ids = connection.greet().next_publish()
            connection.ack(request, len(ids), *[(0x0300 if n % 2 else 0x0001, 0) for n in range(len(ids))])
            connection.read_to_end()

        with ScriptedServer(script) as server:
            with self.publisher(server.address) as publisher:
                publisher.publish_many(events(10))
            counters = publisher.counters
        self.assertEqual((counters.submitted, counters.stored, counters.refused, counters.pending), (10, 5, 5, 0))
        self.assertEqual((counters.duplicates, counters.events_sent), (5, 10))


class ThreadedAnswerTests(AnswerTests, unittest.TestCase):
    publisher = Threaded


class AsynchronousAnswerTests(AnswerTests, unittest.TestCase):
    publisher = Asynchronous
