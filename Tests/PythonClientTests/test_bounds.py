"""Bounded memory, cancellation, threads."""

import asyncio
import os
import queue
import subprocess
import sys
import threading
import unittest
from concurrent.futures import CancelledError

from needletail import AsyncPublisher, InvalidEvent, Options, Publisher, PublisherClosed, PublishTimeout

from .support.publishers import KEY, Asynchronous, Threaded, events, options, until
from .support.scripted_server import PATIENCE, ScriptedServer


def holding(gate):
    """A script that answers nothing until the gate opens."""

    def script(connection):
        connection.greet()
        gate.wait(PATIENCE)
        return connection.accept_all()

    return script


class BoundTests:
    """Mixed into a TestCase for each publisher."""

    def test_a_full_publisher_waits_and_does_not_grow(self):
        for bound in (dict(max_pending_events=10), dict(max_pending_bytes=10 * 80)):
            gate = threading.Event()
            with ScriptedServer(holding(gate)) as server, self.publisher(server.address, **bound) as publisher:
                waiting = threading.Thread(target=lambda: publisher.publish_many(events(100)))
                waiting.start()
                until(lambda: publisher.counters.pending >= 9)
                with self.assertRaisesRegex(PublishTimeout, "no space") as caught:
                    publisher.submit(events(1)[0], timeout=0.05).result()
                self.assertFalse(caught.exception.in_doubt)
                self.assertLessEqual(publisher.counters.pending, 10)
                gate.set()
                waiting.join(PATIENCE)
                self.assertFalse(waiting.is_alive())
                self.assertEqual((publisher.counters.stored, publisher.counters.pending), (100, 0))

    def test_one_event_larger_than_the_bound_goes_alone(self):
        with ScriptedServer(lambda connection: connection.greet().accept_all()) as server:
            with self.publisher(server.address, max_pending_bytes=100) as publisher:
                receipts = publisher.publish_many(events(3, payload=bytes(5000)))
        self.assertTrue(all(receipt.stored for receipt in receipts))

    def test_a_batch_without_room_in_time_reports_each_event(self):
        gate = threading.Event()
        with ScriptedServer(holding(gate)) as server, self.publisher(server.address, max_pending_events=2) as publisher:
            with self.assertRaisesRegex(Exception, "5 of 5 events have no receipt") as caught:
                publisher.publish_many(events(5), timeout=0.1)
            self.assertEqual([type(end) for end in caught.exception.results], [PublishTimeout] * 5)
            gate.set()

    def test_nothing_is_accepted_after_the_close(self):
        with ScriptedServer(lambda connection: connection.greet().accept_all()) as server:
            publisher = self.publisher(server.address)
            publisher.connect()
            inner = publisher.publisher
            publisher.close()
            with self.assertRaises(PublisherClosed):
                if isinstance(inner, Publisher):
                    inner.publish(events(1)[0])
                else:
                    asyncio.run(inner.publish(events(1)[0]))

    def test_impossible_options_are_refused(self):
        for wrong in (dict(batch_events=0), dict(linger=-1), dict(backoff_initial=0), dict(window_events=0)):
            with self.subTest(wrong), self.assertRaises(ValueError):
                Options(**wrong)
        for address in ("", "host:", ":1", "host:0", "host:70000", "unix:", "[::1", "[::1]x", "host:http"):
            with self.subTest(address), self.assertRaises(ValueError):
                Publisher(address, KEY)
        with self.assertRaises(ValueError):
            Publisher([], KEY)
        with self.assertRaises(ValueError):
            Publisher("host", "")
        with self.assertRaisesRegex(ValueError, "longer"):
            Publisher("host", "k" * 4000, client_name="n" * 55)


class ThreadedBoundTests(BoundTests, unittest.TestCase):
    publisher = Threaded

    def test_cancelled_before_it_is_sent_is_not_sent(self):
        gate = threading.Event()
        first, second, third = events(3)
        with ScriptedServer(holding(gate)) as server:
            with self.publisher(server.address) as publisher:
                sent = publisher.submit(first)
                until(lambda: publisher.counters.frames_sent > 0)
                waiting = publisher.submit(second), publisher.submit(third)
                self.assertTrue(waiting[0].cancel())
                # It may be stored: it cannot be taken back.
                self.assertFalse(sent.cancel())
                gate.set()
                self.assertTrue(waiting[1].result(PATIENCE).stored)
                with self.assertRaises(CancelledError):
                    waiting[0].result()
            self.assertEqual(server.result(), [first.id.hex, third.id.hex])
        self.assertEqual(publisher.counters.cancelled, 1)

    def test_many_threads_share_one_publisher(self):
        with ScriptedServer(lambda connection: connection.greet().accept_all()) as server:
            with self.publisher(server.address, batch_events=50) as publisher:
                threads = [
                    threading.Thread(target=lambda: [publisher.publish(event) for event in events(50)]) for _ in range(8)
                ]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
            self.assertEqual(len(set(server.result())), 400)

    def test_a_callback_may_submit_and_must_not_wait(self):
        first, second = events(2)
        outcomes = queue.Queue()

        def go_on(_):
            with self.assertRaisesRegex(RuntimeError, "callback"):
                publisher.publish(second)
            outcomes.put(publisher.submit(second))

        with ScriptedServer(lambda connection: connection.greet().accept_all()) as server:
            with self.publisher(server.address) as publisher:
                publisher.submit(first).add_done_callback(go_on)
                self.assertTrue(outcomes.get(timeout=PATIENCE).result(PATIENCE).stored)
            self.assertEqual(server.result(), [first.id.hex, second.id.hex])

    def test_a_forked_process_gets_an_error(self):
        with ScriptedServer(lambda connection: connection.greet().accept_all()) as server:
            with self.publisher(server.address) as publisher:
                publisher.publish(events(1)[0])
                child = os.fork()
                if child == 0:
                    try:
                        publisher.publish(events(1)[0])
                    except RuntimeError:
                        publisher.close()
                        os._exit(7)
                    os._exit(1)
                self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 7)

    def test_the_end_of_the_program_waits_for_what_is_pending(self):
        program = (
            "import sys, needletail\n"
            "publisher = needletail.Publisher(sys.argv[1], sys.argv[2], options=needletail.Options(linger=60))\n"
            "for _ in range(3): publisher.submit(needletail.Event('acme', 'order.placed'))\n"
        )
        with ScriptedServer(lambda connection: connection.greet().accept_all()) as server:
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
            subprocess.run([sys.executable, "-c", program, server.address, KEY], env=environment, check=True, timeout=PATIENCE)
            self.assertEqual(len(server.result()), 3)

    def test_an_invalid_event_is_never_submitted(self):
        with ScriptedServer(lambda connection: connection.greet().accept_all()) as server:
            with self.publisher(server.address) as publisher, self.assertRaises(InvalidEvent):
                publisher.publish(*events(1, tenant="no tenant"))
        self.assertEqual(publisher.counters.submitted, 0)


class AsynchronousBoundTests(BoundTests, unittest.TestCase):
    publisher = Asynchronous

    def test_cancelled_before_it_is_sent_is_not_sent(self):
        gate = threading.Event()
        first, second, third = events(3)

        async def run(address):
            async with AsyncPublisher(address, KEY, options=options()) as publisher:
                sent = await publisher.submit(first)
                while publisher.counters.frames_sent == 0:
                    await publisher.connect()
                    await asyncio.sleep(0)
                waiting = asyncio.ensure_future(publisher.publish(second))
                last = await publisher.submit(third)
                await asyncio.sleep(0)
                waiting.cancel()
                gate.set()
                self.assertTrue((await sent).stored and (await last).stored)
                with self.assertRaises(asyncio.CancelledError):
                    await waiting
                return publisher.counters

        with ScriptedServer(holding(gate)) as server:
            counters = asyncio.run(run(server.address))
            self.assertEqual(server.result(), [first.id.hex, third.id.hex])
        self.assertEqual(counters.cancelled, 1)

    def test_room_is_given_in_order_and_cancelled_calls_are_skipped(self):
        gate = threading.Event()
        listed = events(6)

        async def run(address):
            async with AsyncPublisher(address, KEY, options=options(max_pending_events=1)) as publisher:
                tasks = [asyncio.ensure_future(publisher.publish(event)) for event in listed]
                await publisher.connect()
                tasks[2].cancel()
                gate.set()
                return await asyncio.gather(*tasks, return_exceptions=True), publisher.counters

        with ScriptedServer(holding(gate)) as server:
            ends, counters = asyncio.run(run(server.address))
            self.assertEqual(server.result(), [event.id.hex for event in listed[:2] + listed[3:]])
        self.assertIsInstance(ends[2], asyncio.CancelledError)
        self.assertEqual((counters.stored, counters.pending), (5, 0))

    def test_room_given_to_a_cancelled_call_is_returned(self):
        gate = threading.Event()
        first, second, third = events(3)

        async def run(address):
            async with AsyncPublisher(address, KEY, options=options(max_pending_events=1)) as publisher:
                loop = asyncio.get_running_loop()
                sent = await publisher.submit(first)
                waiting = asyncio.ensure_future(publisher.publish(second))
                await publisher.connect()
                # The turn that gives the room comes between these two callbacks.
                sent.add_done_callback(lambda _: loop.call_soon(waiting.cancel))
                gate.set()
                with self.assertRaises(asyncio.CancelledError):
                    await waiting
                self.assertEqual(publisher.counters.pending, 0)
                return await publisher.publish(third, timeout=5)

        with ScriptedServer(holding(gate)) as server:
            self.assertTrue(asyncio.run(asyncio.wait_for(run(server.address), PATIENCE)).stored)
            self.assertEqual(server.result(), [first.id.hex, third.id.hex])

    def test_an_unused_publisher_closes(self):
        async def run():
            publisher = AsyncPublisher("127.0.0.1:1", KEY)
            await publisher.close()
            with self.assertRaises(PublisherClosed):
                await publisher.publish(events(1)[0])
            await publisher.close()

        asyncio.run(run())

    def test_another_event_loop_is_refused(self):
        with ScriptedServer(lambda connection: connection.greet().accept_all()) as server:
            with self.publisher(server.address) as publisher, self.assertRaisesRegex(RuntimeError, "another event loop"):
                asyncio.run(publisher.publisher.publish(events(1)[0]))

    def test_a_cancelled_batch_is_withdrawn(self):
        gate = threading.Event()

        async def run(address):
            async with AsyncPublisher(address, KEY, options=options(batch_events=10, window_events=10)) as publisher:
                batch = asyncio.ensure_future(publisher.publish_many(events(100)))
                while publisher.counters.frames_sent == 0:
                    await asyncio.sleep(0)
                batch.cancel()
                gate.set()
                with self.assertRaises(asyncio.CancelledError):
                    await batch
            return publisher.counters

        with ScriptedServer(holding(gate)) as server:
            counters = asyncio.run(run(server.address))
        self.assertEqual((counters.stored, counters.cancelled, counters.pending), (10, 90, 0))
