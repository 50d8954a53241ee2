"""The decisions of a publisher: what is sent when and where, what an answer means, when a connection is abandoned.

No socket, no thread, no clock: a driver (`threads`, `tasks`) passes the time, moves the bytes, and calls `turn` whenever
something happened or `next_due` has come. All calls come from one thread.
"""

from __future__ import annotations

import logging
import math
import random
from typing import Iterable, Optional, Protocol

from .backlog import Backlog
from .errors import ClosedByServer, ConnectionFailed, ConnectionLost
from .frames import PUBLISH_OVERHEAD, SYNCED, Ack
from .completions import Completions
from .link import Flight, Link, State
from .pending import NOBODY, Pending, Stage
from .redial import Redial
from .settings import Settings
from .status import Status, StatusClass

#: How late a deadline may be noticed, in seconds. Each check goes through everything that waits.
_EXPIRY_STEP = 0.05


class Shell(Protocol):
    """The owner of the sockets."""

    def dial(self, link: Link) -> None:
        """Connects; then calls `dialed`, or `ended`."""

    def flush(self, link: Link) -> None:
        """Writes `link.output` to the socket, and sets `is_blocked` while the socket accepts no more."""

    def hang_up(self, link: Link) -> None:
        """Sends what it can at once, and closes. No call for this link follows."""


class Engine:
    """The events without an answer, and the connections that they are sent on."""

    def __init__(self, settings: Settings, shell: Shell, log: logging.Logger, chance: Optional[random.Random] = None):
        self.links: list[Link] = []
        self.completions = Completions(log)
        #: The latest reason why there was no connection.
        self.trouble: Optional[ConnectionFailed] = None
        #: The same, if waiting cannot repair it and every address gives such a reason.
        self.refusal: Optional[ConnectionFailed] = None
        self._settings = settings
        self._options = settings.options
        self._shell = shell
        self._log = log
        self._backlog = Backlog()
        self._redial = Redial(settings.addresses, settings.options, chance or random.Random())
        self._soonest_deadline = math.inf
        self._looked_at = -math.inf
        self._turned_at = -math.inf
        self._hurried_below = 0
        self._final_refusals = 0
        self._was_open = False

    # From callers

    def submit(self, entries: Iterable[Pending], now: float) -> None:
        """Accepts events."""
        for entry in entries:
            self._backlog.add(entry, now)
            if entry.deadline < self._soonest_deadline:
                self._soonest_deadline = entry.deadline
            self.completions.counters.submitted += 1

    def hurry(self) -> None:
        """Events submitted so far no longer linger."""
        self._hurried_below = self._backlog.next_sequence

    @property
    def has_flights(self) -> bool:
        """Whether a frame waits for its answer."""
        return any(link.flights for link in self.links)

    @property
    def open_link(self) -> Optional[Link]:
        """The connection that new events are sent on."""
        link = self.links[-1] if self.links else None
        return link if link is not None and link.state == State.OPEN and not link.is_leaving else None

    def close(self) -> None:
        """Closes all connections; events without an answer fail."""
        for link in list(self.links):
            link.say_goodbye()
            self._drop(link)
        for entry in self._backlog.waiting():
            self._backlog.drop(entry)
            self.completions.closed(entry)

    # From the driver

    def dialed(self, link: Link, now: float) -> None:
        """The connection is established."""
        link.start(now)
        self._shell.flush(link)

    def received(self, link: Link, data: bytes, now: float) -> None:
        """Bytes came."""
        was_open = link.state == State.OPEN
        was_leaving = link.is_leaving
        end: Optional[ConnectionFailed] = None
        try:
            for flight, ack in link.receive(data, now):
                self._redial.worked()
                self._settle(link, flight, ack, now)
        except ConnectionFailed as error:
            end = error
        # What came before the end is valid: a GOAWAY and a CLOSE may share a packet.
        if link.state == State.OPEN and not was_open:
            self._opened(link)
        if link.is_leaving and not was_leaving:
            self._asked_to_leave(link, now)
        if end is not None:
            self.ended(link, end, now)
        elif link.output:
            self._shell.flush(link)

    def ended(self, link: Link, error: ConnectionFailed, now: float) -> None:
        """The connection ended, or could not be made. Its unanswered events are sent on the next: same ids, same
        order.
        """
        if link.state == State.ENDED:
            return
        was_welcomed = link.state == State.OPEN
        self._drop(link)
        self._log_end(link, error)
        if not was_welcomed:
            self.completions.counters.failed_connections += 1
        if not link.is_leaving:
            self._redial.failed(now)
            self.trouble = error
        self._consider_final(error)

    def _log_end(self, link: Link, error: ConnectionFailed) -> None:
        # One warning per outage, not one for each attempt.
        is_news = not link.is_leaving and str(error) != str(self.trouble)
        self._log.log(logging.WARNING if is_news else logging.DEBUG, "connection to %s ended: %s", link.address, error)

    def turn(self, now: float) -> None:
        """Does what is due."""
        self._turned_at = now
        self._expire(now)
        self._backlog.wake(now)
        for link in list(self.links):
            self._tick(link, now)
        if not any(not link.is_leaving for link in self.links) and now >= self._redial.due:
            link = Link(self._redial.take_address(), self._settings, now)
            self.links.append(link)
            self._shell.dial(link)
        self._fill(now)

    def next_due(self) -> float:
        """When `turn` must be called even if nothing happens before."""
        due = min((link.next_due() for link in self.links), default=math.inf)
        due = min(due, self._backlog.next_wake, max(self._soonest_deadline, self._looked_at + _EXPIRY_STEP))
        if not any(not link.is_leaving for link in self.links):
            due = min(due, self._redial.due)
        if self._options.linger and self._publishing_link() is not None:
            first = self._backlog.peek()
            # What has finished lingering and is still here waits for the window: an answer triggers a turn.
            if first is not None and first.since + self._options.linger > self._turned_at:
                due = min(due, first.since + self._options.linger)
        return due

    # Connections

    def _opened(self, link: Link) -> None:
        self._was_open = True
        self._final_refusals = 0
        self.trouble = self.refusal = None
        self.completions.counters.connections += 1
        assert link.welcome is not None
        self._log.info("connected to %s, server %s %s", link.address, link.welcome.server_id, link.welcome.server_version)
        if link.welcome.durability < SYNCED:
            self._log.warning("%s acknowledges before its disk has synced: a power cut may lose events that have a receipt", link.address)

    def _asked_to_leave(self, link: Link, now: float) -> None:
        if link.spread is None:
            # DRAINING without a GOAWAY: another connection, at once or after the backoff.
            link.leave_by = min(link.leave_by, now + self._options.answer_timeout)
            self._redial.failed(now)
        else:
            self.completions.counters.asked_to_leave += 1
            self._redial.leave(now, link.spread)
            self._log.info("%s asked to leave; connecting again within %g s", link.address, link.spread)

    def _tick(self, link: Link, now: float) -> None:
        try:
            link.tick(now)
        except ConnectionFailed as error:
            self.ended(link, error, now)
            return
        if link.is_leaving and not link.flights:
            link.say_goodbye()
            self._drop(link)
        elif now >= link.leave_by:
            self.ended(link, ConnectionLost(f"{link.address} did not answer within the grace of its GOAWAY"), now)
        elif link.output:
            self._shell.flush(link)

    def _drop(self, link: Link) -> None:
        self._shell.hang_up(link)
        link.state = State.ENDED
        self.links.remove(link)
        for flight in link.flights.values():
            for entry in flight.entries:
                entry.in_doubt = True
                if entry.sink is NOBODY:
                    self.completions.forgotten(entry)
                else:
                    self.completions.counters.resent += 1
                    self._backlog.add_again(entry)
        link.flights.clear()

    def _consider_final(self, error: ConnectionFailed) -> None:
        """Tells waiting callers at once when every address gives a reason that waiting cannot repair.

        After a first successful connection only a refused key counts: the rest may be a server that is restarting.
        """
        is_key = isinstance(error, ClosedByServer) and error.status == Status.AUTH_FAILED
        if not error.is_final or (self._was_open and not is_key):
            self._final_refusals = 0
            self.refusal = None
            return
        self._final_refusals += 1
        if self._final_refusals < len(self._settings.addresses):
            return
        self.refusal = error
        for entry in self._backlog.waiting():
            self._backlog.drop(entry)
            self.completions.hopeless(entry, error)

    # Sending events

    def _publishing_link(self) -> Optional[Link]:
        """Where a frame may be sent now. While an older connection still owes answers, nothing may overtake its
        events.
        """
        link = self.open_link
        if link is None or link.is_blocked or any(other.flights for other in self.links[:-1]):
            return None
        return link

    def _fill(self, now: float) -> None:
        link = self._publishing_link()
        while link is not None and self._is_ready(link, now):
            batch = self._collect(link)
            if not batch:
                break
            counters = self.completions.counters
            counters.bytes_sent += link.publish(batch, now)
            counters.frames_sent += 1
            counters.events_sent += len(batch)
            self._shell.flush(link)
            link = self._publishing_link()

    def _is_ready(self, link: Link, now: float) -> bool:
        """Whether the waiting events fill a batch."""
        backlog, options = self._backlog, self._options
        first = backlog.peek()
        if first is None:
            return False
        # If little of the window is free, wait for more, so that a full window does not lead to tiny frames.
        if link.flights and link.free_window()[0] < min(options.batch_events, backlog.events) / 2:
            return False
        if backlog.events >= options.batch_events or backlog.bytes >= options.batch_bytes:
            return True
        if options.linger == 0:
            return not link.flights
        return backlog.has_returned or first.sequence < self._hurried_below or now >= first.since + options.linger

    def _collect(self, link: Link) -> list[Pending]:
        """Takes the next frame's events, within the window and the batch."""
        backlog, options = self._backlog, self._options
        most, free_bytes = link.free_window()
        most = min(most, options.batch_events)
        wanted = min(free_bytes, options.batch_bytes)
        largest = link.largest_record
        batch: list[Pending] = []
        size = PUBLISH_OVERHEAD
        while len(batch) < most:
            entry = backlog.peek()
            if entry is None:
                break
            if entry.size > largest:
                backlog.pop().stage = Stage.DONE
                self.completions.refused(entry, Status.TOO_LARGE)
                continue
            size += entry.size
            # One event may be larger than the wanted batch, but never larger than the window.
            if size > (wanted if batch else free_bytes):
                break
            backlog.pop()
            if entry.sends == 0 and not entry.sink.begin(entry.index):
                entry.stage = Stage.DONE
                size -= entry.size
                self.completions.cancelled(entry)
                continue
            entry.sends += 1
            entry.stage = Stage.IN_FLIGHT
            batch.append(entry)
        return batch

    # Processing answers

    def _settle(self, link: Link, flight: Flight, ack: Ack, now: float) -> None:
        if ack.form == 0:
            for entry in flight.entries:
                entry.stage = Stage.DONE
                self.completions.stored(entry, Status.ACCEPTED, ack.commit)
            return
        answers = ack.answers if ack.form == 1 else [ack.answers[0]] * len(flight.entries)
        # One entry for the whole frame: events that came together and must wait equally long are sent again together,
        # in order.
        jitter = self._redial.jitter()
        status = Status.ACCEPTED
        kind: Optional[StatusClass] = StatusClass.STORED
        for entry, (code, retry_after) in zip(flight.entries, answers):
            if code != status:
                status = Status(code)
                kind = status.status_class
            entry.stage = Stage.DONE
            if kind == StatusClass.STORED:
                self.completions.stored(entry, status, ack.commit)
            elif kind == StatusClass.REFUSED:
                self.completions.refused(entry, status, ack.commit)
            elif entry.sink is NOBODY:
                self.completions.forgotten(entry)
            else:
                self._send_again(link, entry, status, retry_after / 1000, jitter, now)

    def _send_again(
        self, link: Link, entry: Pending, status: Status, retry_after: float, jitter: float, now: float
    ) -> None:
        """Class 0x01: send again here, after a pause. Class 0x02: elsewhere. Any other is invalid in an ACK: treat
        the answer as lost.
        """
        entry.answer = (status, retry_after)
        self.completions.counters.retried += 1
        if status.status_class == StatusClass.SEND_AGAIN:
            # BUSY may mean "in doubt".
            entry.in_doubt = entry.in_doubt or status == Status.BUSY
            due = now + retry_after + jitter * self._redial.backoff(entry.sends - 1)
            if due >= entry.deadline:
                self.completions.timed_out(entry, None)
            else:
                self._backlog.add_later(entry, due)
        else:
            entry.in_doubt = entry.in_doubt or status.status_class != StatusClass.SEND_ELSEWHERE
            link.is_leaving = True
            self._backlog.add_again(entry)

    # Time

    def _expire(self, now: float) -> None:
        """Ends the events whose time is over."""
        if now < self._soonest_deadline or now < self._looked_at + _EXPIRY_STEP:
            return
        self._looked_at = now
        waiting = self._backlog.waiting()
        flying = [entry for link in self.links for flight in link.flights.values() for entry in flight.entries]
        for entry in waiting:
            if entry.deadline <= now:
                self._backlog.drop(entry)
                self.completions.timed_out(entry, self.trouble)
        for entry in flying:
            if entry.deadline <= now:
                self.completions.abandoned(entry, self.trouble)
                entry.deadline = math.inf
        self._backlog.sweep()
        self._soonest_deadline = min((e.deadline for e in waiting + flying if e.deadline > now), default=math.inf)
