"""The engine without sockets, its time stepped by hand: windows, batches, order, deadlines, keep-alive."""

import logging
import math
import random
import unittest

from needletail import Options, PublisherClosed, PublishTimeout, Status, frames, uuid7
from needletail.engine import Engine
from needletail.errors import ConnectionLost
from needletail.pending import Pending
from needletail.redial import Redial
from needletail.settings import Address, Settings

from .support import server_frames


class Caller:
    """A sink that remembers."""

    def __init__(self, wants=True):
        self.wants = wants
        self.ends = []

    def begin(self, index):
        return self.wants

    def settle(self, index, receipt):
        self.ends.append(receipt)

    def fail(self, index, error):
        self.ends.append(error)


class Stage:
    """An engine, the server's side of its connections, and a clock."""

    def __init__(self, welcome=None, addresses=1, seed=5, **options):
        self.now = 1000.0
        self.dials = []
        self.hung_up = []
        self.sent = {}
        self._welcome = welcome or {}
        self._readers = {}
        places = tuple(Address("host", 1 + n) for n in range(addresses))
        settings = Settings(places, "key", options=Options(**options))
        self.engine = Engine(settings, self, logging.getLogger("needletail.tests"), random.Random(seed))

    # The shell

    def dial(self, link):
        self.dials.append(link)
        self.sent[link] = []
        self._readers[link] = frames.FrameReader(16 << 20)

    def flush(self, link):
        data = b"".join(link.output)
        link.output.clear()
        if data.startswith(frames.PREFACE):
            data = data[len(frames.PREFACE) :]
        self.sent[link] += self._readers[link].feed(data)

    def hang_up(self, link):
        self.flush(link)
        self.hung_up.append(link)

    # The test

    def step(self, seconds=0.0):
        self.now += seconds
        self.engine.turn(self.now)
        # Or the shell would spin.
        assert self.engine.next_due() > self.now, "a turn that left something undone"

    def open(self):
        """Lets the engine dial, and welcomes it."""
        if not self.dials or self.dials[-1] in self.hung_up or self.dials[-1].is_leaving:
            self.step(10)
        link = self.dials[-1]
        self.engine.dialed(link, self.now)
        self.receive(link, frames.PREFACE + server_frames.welcome(**self._welcome))
        return link

    def receive(self, link, data):
        self.engine.received(link, data, self.now)
        self.step()

    def submit(self, *sizes, deadline=math.inf, wants=True):
        callers = [Caller(wants) for _ in sizes]
        entries = []
        for caller, size in zip(callers, sizes):
            id = uuid7()
            record = (size - 4).to_bytes(4, "big") + id.bytes + bytes(size - 20)
            entries.append(Pending(id, record, deadline, caller))
        self.engine.submit(entries, self.now)
        self.step()
        return entries, callers

    def publishes(self, link):
        """Of each PUBLISH sent: request id, event ids."""
        return [
            (frame.request_id, server_frames.read_publish(frame.body))
            for frame in self.sent[link]
            if frame.type == frames.PUBLISH
        ]

    def count(self, link, type):
        return sum(frame.type == type for frame in self.sent[link])


def ids(entries):
    return [entry.event_id.hex for entry in entries]


class WindowTests(unittest.TestCase):
    def test_never_an_event_over_the_window(self):
        stage = Stage(dict(window_events=10), batch_events=4)
        link = stage.open()
        entries, _ = stage.submit(*[100] * 25)
        self.assertEqual([len(each) for _, each in stage.publishes(link)], [4, 4, 2])
        self.assertEqual(link.free_window()[0], 0)
        stage.receive(link, server_frames.ack(2, 4))
        self.assertEqual([len(each) for _, each in stage.publishes(link)], [4, 4, 2, 4])

    def test_never_a_byte_over_the_window(self):
        # Each body is 4 + 2 * 100.
        stage = Stage(dict(window_bytes=2 * 204 + 103), batch_events=2)
        link = stage.open()
        stage.submit(*[100] * 6)
        self.assertEqual([len(each) for _, each in stage.publishes(link)], [2, 2])
        stage = Stage(dict(window_bytes=2 * 204 + 104), batch_events=2)
        link = stage.open()
        stage.submit(*[100] * 6)
        self.assertEqual([len(each) for _, each in stage.publishes(link)], [2, 2, 1])
        self.assertEqual(link.free_window(), (8192, 0))

    def test_never_a_frame_over_its_limits(self):
        stage = Stage(dict(frame_bytes=1004, events_per_frame=7))
        link = stage.open()
        stage.submit(*[500] * 4, *[100] * 20)
        bodies = [frame.body for frame in stage.sent[link] if frame.type == frames.PUBLISH]
        # Without linger the next waits for the answer.
        for request in range(2, 12):
            stage.receive(link, server_frames.ack(request, len(stage.publishes(link)[-1][1])))
            if sum(len(each) for _, each in stage.publishes(link)) == 24:
                break
        sizes = [len(frame.body) for frame in stage.sent[link] if frame.type == frames.PUBLISH]
        self.assertEqual(sizes, [1004, 1004, 704, 704, 604], bodies)

    def test_the_largest_that_fits_and_one_byte_more(self):
        for limits in (dict(frame_bytes=504), dict(window_bytes=504)):
            stage = Stage(limits)
            link = stage.open()
            _, (fits, over) = stage.submit(500, 501)
            self.assertEqual([each.status for each in over.ends], [Status.TOO_LARGE])
            self.assertEqual((fits.ends, link.bytes_in_flight), ([], 504))

    def test_any_sizes_under_any_window(self):
        """Random sizes and answers: the window is never overstepped, and everything is answered in the end."""
        for seed in range(30):
            chance = random.Random(seed)
            welcome = dict(
                window_events=chance.randint(1, 50),
                window_bytes=chance.randint(2_000, 20_000),
                frame_bytes=chance.randint(1_000, 9_000),
                events_per_frame=chance.randint(1, 30),
            )
            stage = Stage(
                welcome,
                batch_events=chance.randint(1, 40),
                batch_bytes=chance.randint(500, 9_000),
                linger=chance.choice([0, 0.01]),
            )
            link = stage.open()
            _, callers = stage.submit(*[chance.randint(60, 990) for _ in range(300)])
            stage.step(0.01)
            while link.flights:
                self.assertLessEqual(link.events_in_flight, welcome["window_events"])
                self.assertLessEqual(link.bytes_in_flight, welcome["window_bytes"])
                request = chance.choice(list(link.flights))
                stage.receive(link, server_frames.ack(request, len(link.flights[request].entries)))
            self.assertTrue(all(len(caller.ends) == 1 and caller.ends[0].stored for caller in callers), seed)
            bodies = [frame.body for frame in stage.sent[link] if frame.type == frames.PUBLISH]
            self.assertLessEqual(max(map(len, bodies)), welcome["frame_bytes"])


class BatchTests(unittest.TestCase):
    def test_without_linger_events_that_wait_for_a_frame_form_the_next_batch(self):
        stage = Stage()
        link = stage.open()
        stage.submit(100)
        for _ in range(5):
            stage.submit(100)
        self.assertEqual([len(each) for _, each in stage.publishes(link)], [1])
        stage.receive(link, server_frames.ack(2, 1))
        self.assertEqual([len(each) for _, each in stage.publishes(link)], [1, 5])

    def test_linger_waits_for_more_events_for_a_limited_time(self):
        stage = Stage(linger=0.01, batch_events=10)
        link = stage.open()
        stage.submit(100)
        stage.step(0.005)
        stage.submit(100)
        self.assertEqual(stage.publishes(link), [])
        self.assertAlmostEqual(stage.engine.next_due(), 1010.01, places=6)
        stage.step(0.005)
        self.assertEqual([len(each) for _, each in stage.publishes(link)], [2])
        stage.submit(*[100] * 10)
        self.assertEqual([len(each) for _, each in stage.publishes(link)], [2, 10])

    def test_events_that_have_lingered_wait_for_the_window_without_a_timer(self):
        stage = Stage(dict(window_events=2), linger=0.01)
        link = stage.open()
        stage.submit(100, 100, 100)
        stage.step(0.01)
        stage.step(0.01)
        self.assertEqual([len(each) for _, each in stage.publishes(link)], [2])
        stage.receive(link, server_frames.ack(2, 2))
        self.assertEqual([len(each) for _, each in stage.publishes(link)], [2, 1])

    def test_hurry_ends_the_linger_of_waiting_events(self):
        stage = Stage(linger=60)
        link = stage.open()
        stage.submit(100)
        stage.engine.hurry()
        stage.step()
        stage.submit(100)
        self.assertEqual([len(each) for _, each in stage.publishes(link)], [1])

    def test_a_withdrawn_event_is_not_sent(self):
        stage = Stage()
        entries, _ = stage.submit(100)
        stage.submit(100, wants=False)
        link = stage.open()
        self.assertEqual([each for _, each in stage.publishes(link)], [ids(entries)])
        self.assertEqual(stage.engine.completions.counters.cancelled, 1)
        self.assertEqual(stage.engine.completions.released_events, 1)


class ResendTests(unittest.TestCase):
    def test_unanswered_events_are_sent_first_and_in_order(self):
        stage = Stage(batch_events=2)
        first = stage.open()
        entries, callers = stage.submit(*[100] * 7)
        (_, _, (third, _)) = stage.publishes(first)
        stage.receive(first, server_frames.ack(3, 2))
        stage.engine.ended(first, ConnectionLost("gone"), stage.now)
        more, _ = stage.submit(100)
        second = stage.open()
        for _ in range(4):
            for request in list(second.flights):
                stage.receive(second, server_frames.ack(request, len(second.flights[request].entries)))
        expected = ids(entries[:2] + entries[4:] + more)
        self.assertEqual([id for _, each in stage.publishes(second) for id in each], expected)
        self.assertTrue(all(len(caller.ends) == 1 for caller in callers))

    def test_events_returned_in_disorder_are_sorted(self):
        stage = Stage(batch_events=2)
        first = stage.open()
        entries, _ = stage.submit(*[100] * 6)
        for request in (4, 2, 3):
            stage.receive(first, server_frames.ack(request, 2, [(0x0200, 0)], form=2))
        second = stage.open()
        self.assertEqual([each for _, each in stage.publishes(second)], [ids(entries[:2]), ids(entries[2:4]), ids(entries[4:])])

    def test_nothing_overtakes_unanswered_events_of_an_older_connection(self):
        stage = Stage()
        first = stage.open()
        stage.submit(100)
        stage.receive(first, server_frames.go_away(5_000, 0))
        stage.submit(100)
        second = stage.open()
        self.assertIsNot(first, second)
        self.assertEqual(stage.publishes(second), [])
        stage.receive(first, server_frames.ack(2, 1))
        self.assertEqual(len(stage.publishes(second)), 1)
        self.assertIn(first, stage.hung_up)

    def test_reconnects_within_the_spread(self):
        for seed in range(20):
            stage = Stage(seed=seed)
            first = stage.open()
            stage.receive(first, server_frames.go_away(5_000, 3_000))
            stage.step(3)
            self.assertEqual(len(stage.dials), 2)

    def test_the_spread_holds_also_when_close_comes_with_it(self):
        waits = []
        for seed in range(20):
            stage = Stage(seed=seed)
            first = stage.open()
            stage.receive(first, server_frames.go_away(5_000, 60_000) + server_frames.close(0x0200))
            self.assertIn(first, stage.hung_up)
            waits.append(stage.engine.next_due() - stage.now)
        self.assertTrue(max(waits) > 30 and min(waits) < 30, waits)
        self.assertLessEqual(max(waits), 60)

    def test_a_throttled_event_waits_its_time(self):
        stage = Stage(backoff_initial=0.001)
        link = stage.open()
        entries, (caller,) = stage.submit(100)
        stage.receive(link, server_frames.ack(2, 1, [(0x0100, 250)]))
        stage.step(0.249)
        self.assertEqual(len(stage.publishes(link)), 1)
        stage.step(0.003)
        self.assertEqual([each for _, each in stage.publishes(link)], [ids(entries)] * 2)
        stage.receive(link, server_frames.ack(3, 1))
        self.assertTrue(caller.ends[0].stored)

    def test_a_pause_beyond_the_deadline_ends_at_once(self):
        stage = Stage(backoff_initial=0.001)
        link = stage.open()
        _, (caller,) = stage.submit(100, deadline=stage.now + 5)
        stage.receive(link, server_frames.ack(2, 1, [(0x0100, 5_000)]))
        self.assertIsInstance(caller.ends[0], PublishTimeout)
        self.assertEqual((caller.ends[0].receipt.status, caller.ends[0].in_doubt), (Status.THROTTLED, False))

    def test_a_timeout_in_flight_frees_its_room_with_the_answer(self):
        stage = Stage()
        link = stage.open()
        _, (caller,) = stage.submit(100, deadline=stage.now + 1)
        stage.step(1)
        self.assertIsInstance(caller.ends[0], PublishTimeout)
        self.assertTrue(caller.ends[0].in_doubt)
        self.assertEqual(stage.engine.completions.released_events, 0)
        stage.receive(link, server_frames.ack(2, 1))
        self.assertEqual((stage.engine.completions.released_events, len(caller.ends)), (1, 1))

    def test_a_timeout_in_flight_is_not_resent(self):
        stage = Stage()
        link = stage.open()
        stage.submit(100, deadline=stage.now + 1)
        stage.step(1)
        stage.engine.ended(link, ConnectionLost("gone"), stage.now)
        self.assertEqual(stage.publishes(stage.open()), [])
        self.assertEqual(stage.engine.completions.released_events, 1)

    def test_a_timeout_while_waiting_frees_its_room(self):
        stage = Stage()
        _, callers = stage.submit(100, 100, deadline=stage.now + 1)
        stage.step(1)
        self.assertTrue(all(isinstance(caller.ends[0], PublishTimeout) for caller in callers))
        self.assertEqual((stage.engine.completions.released_events, stage.engine.completions.released_bytes), (2, 200))
        self.assertEqual(stage.publishes(stage.open()), [])

    def test_the_end_of_the_engine_ends_each_event_once(self):
        stage = Stage(batch_events=2, backoff_initial=0.001)
        link = stage.open()
        _, callers = stage.submit(*[100] * 5)
        stage.receive(link, server_frames.ack(2, 2, [(0x0100, 60_000), (0, 0)]))
        stage.engine.close()
        self.assertEqual([len(caller.ends) for caller in callers], [1] * 5)
        self.assertEqual(sum(isinstance(caller.ends[0], PublisherClosed) for caller in callers), 4)
        completions = stage.engine.completions
        self.assertEqual((completions.released_events, completions.released_bytes), (5, 500))
        self.assertEqual(stage.sent[link][-1].type, frames.CLOSE)


class SilenceTests(unittest.TestCase):
    def test_a_ping_before_the_idle_timeout(self):
        stage = Stage(dict(idle_timeout_ms=6_000))
        link = stage.open()
        stage.step(1.9)
        self.assertEqual(stage.count(link, frames.PING), 0)
        stage.step(stage.engine.next_due() - stage.now)
        self.assertEqual(stage.count(link, frames.PING), 1)

    def test_a_ping_without_an_answer_ends_the_connection(self):
        stage = Stage(keep_alive=1, answer_timeout=2)
        link = stage.open()
        stage.step(1)
        stage.step(1.9)
        self.assertNotIn(link, stage.hung_up)
        stage.step(0.1)
        self.assertIn(link, stage.hung_up)

    def test_any_bytes_count(self):
        stage = Stage(keep_alive=1, answer_timeout=2)
        link = stage.open()
        stage.submit(100)
        for _ in range(5):
            stage.step(1.5)
            stage.receive(link, frames.encode_frame(0x80, b""))
        self.assertNotIn(link, stage.hung_up)

    def test_an_idle_engine_is_due_at_the_next_ping_only(self):
        stage = Stage(keep_alive=10)
        stage.open()
        self.assertAlmostEqual(stage.engine.next_due(), stage.now + 10)


class RedialTests(unittest.TestCase):
    def redial(self, **options):
        return Redial((Address("a", 1), Address("b", 2)), Options(**options), random.Random(7))

    def test_addresses_in_turn(self):
        redial = self.redial()
        self.assertEqual([redial.take_address().host for _ in range(4)], ["a", "b", "a", "b"])

    def test_full_jitter_up_to_a_doubling_bound(self):
        redial = self.redial(backoff_initial=0.1, backoff_most=1.0)
        for bound in (0.1, 0.2, 0.4, 0.8, 1.0, 1.0):
            redial.failed(50.0)
            self.assertLessEqual(50.0, redial.due)
            self.assertLessEqual(redial.due, 50.0 + bound)
        waits = []
        for _ in range(400):
            redial.failed(0.0)
            waits.append(redial.due)
        self.assertTrue(min(waits) < 0.05 and max(waits) > 0.95, "the whole range is used")

    def test_a_connection_that_worked_resets_the_backoff(self):
        redial = self.redial(backoff_initial=0.1, backoff_most=100)
        for _ in range(2000):
            redial.failed(0.0)
        redial.worked()
        redial.failed(0.0)
        self.assertLessEqual(redial.due, 0.1)
