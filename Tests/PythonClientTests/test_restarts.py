"""The server killed and started again under load by both clients: nothing lost, nothing stored twice.

Every event is to be delivered at one moment after the last kill. So no attempt crosses a kill, and the receiver gets each
delivery that is stored exactly once: what it counts is what is stored. `NEEDLETAIL_RESTARTS` says how often (5).
"""

import collections
import os
import random
import threading
import time
import unittest

from needletail import Event, Status

from .support.places import MOCK_RECEIVER, NEEDLETAIL
from .support.publishers import Asynchronous, Threaded
from .support.real_server import Installation, Receiver

RESTARTS = int(os.environ.get("NEEDLETAIL_RESTARTS", "5"))
#: From the first event to the delivery of all, in seconds: the kills must be over by then.
KILLING = 4 + RESTARTS


class Load:
    """A client that publishes without a pause. Remembers every receipt."""

    def __init__(self, kind, address, deliver_at):
        self.name = kind.name
        self.publisher = kind(address, batch_events=100, max_pending_events=500, publish_timeout=60, backoff_most=0.1)
        self.receipts = []
        self.event_ids = []
        self._deliver_at = deliver_at
        self._progress = threading.Condition()
        self._is_over = False
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        while not self._is_over:
            batch = [Event("acme", "order.placed", b'{"total":42}', deliver_at=self._deliver_at) for _ in range(250)]
            self.event_ids += [event.id for event in batch]
            receipts = self.publisher.publish_many(batch)
            with self._progress:
                self.receipts += receipts
                self._progress.notify_all()

    def wait_for(self, goal):
        with self._progress:
            if not self._progress.wait_for(lambda: len(self.receipts) >= goal, timeout=30):
                raise AssertionError(f"{self.name} does not get on: {self.publisher.counters}")

    def stop(self):
        self._is_over = True
        self.thread.join()
        self.publisher.close()


@unittest.skipUnless(NEEDLETAIL.exists() and MOCK_RECEIVER.exists(), f"{NEEDLETAIL} and mock-receiver are not built")
class RestartTests(unittest.TestCase):
    def test_killed_under_load(self):
        began = time.monotonic()
        deliver_at = int((time.time() + KILLING) * 1000)
        chance = random.Random(11)
        with Receiver() as receiver, Installation(f"{receiver.url}/hook") as installation:
            loads = [Load(kind, installation.address, deliver_at) for kind in (Threaded, Asynchronous)]
            try:
                for _ in range(RESTARTS):
                    goals = [len(load.receipts) + chance.randint(1, 800) for load in loads]
                    for load, goal in zip(loads, goals):
                        load.wait_for(goal)
                    installation.server.kill()
                    installation.start()
            finally:
                for load in loads:
                    load.stop()
            took = time.monotonic() - began
            self.assertLess(took, KILLING, "inconclusive: deliveries began before the last kill")
            published = sum(len(load.event_ids) for load in loads)
            receiver.wait_for(published, 60)
            installation.server.stop()
            stats = receiver.stats()
        for load in loads:
            counters = load.publisher.counters
            statuses = collections.Counter(receipt.status.name for receipt in load.receipts)
            print(f"\n{load.name}: {RESTARTS} kills in {took:.1f} s, {counters.resent} resent, {dict(statuses)}", end="")
            self.assertEqual([receipt.event_id for receipt in load.receipts], load.event_ids)
            self.assertTrue(all(receipt.stored for receipt in load.receipts))
            self.assertLessEqual(set(statuses), {Status.ACCEPTED.name, Status.DUPLICATE.name})
            self.assertGreater(counters.connections, RESTARTS / 2)
        totals = stats["totals"]
        print(f"\nthe receiver: {totals['requests']} requests for {published} events ", end="")
        self.assertEqual((totals["accepted"], totals["requests"]), (published, published))
