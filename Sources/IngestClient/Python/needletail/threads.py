"""Runs the engine of the threaded publisher on a thread, and passes events from callers to it."""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from typing import Callable, Optional

from .counters import Counters
from .engine import Engine
from .errors import ConnectionFailed
from .frames import Welcome
from .pending import Pending
from .buffer_space import BufferSpace
from .settings import Settings
from .wires import Wires

#: How often events that callers hand over while frames are in flight are looked at, in seconds.
_LONGEST_NAP = 0.05
#: How much longer than its time a close at the program's end waits for the thread, in seconds.
_LAST_MOMENT = 1.0


class ConnectionThread:
    """Runs the engine. Callers hand events over with `accept`; their sinks are told the results on this thread."""

    def __init__(self, settings: Settings, log: logging.Logger):
        self._log = log
        self._options = settings.options
        self._wires = Wires(settings)
        self._engine = Engine(settings, self._wires, log)
        self._wires.engine = self._engine
        # Under its lock: what callers hand over, and what they wait for.
        self._changed = threading.Condition(threading.Lock())
        self._space = BufferSpace(settings.options.max_pending_events, settings.options.max_pending_bytes)
        self._inbox: list[Pending] = []
        self._inbox_bytes = 0
        # Frames are in flight: less than a batch need not wake the thread before an answer comes.
        self._is_busy = False
        self._hurries = False
        self._close_by: Optional[float] = None
        self._has_ended = False
        self._welcome: Optional[Welcome] = None
        self._trouble: Optional[ConnectionFailed] = None
        self._is_refused = False
        self._counters = Counters()
        # Events that had failed before the close began; and how many have been reported since.
        self._failed_before = 0
        self._reported = 0
        self.exit_timeout = settings.options.exit_timeout
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._run, name="needletail-publisher", daemon=True)
        self._thread.start()

    # Called by any thread

    def check_caller(self) -> None:
        """:raises RuntimeError: the caller would wait for ever: a callback on the publisher's own thread, or a forked
        process.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError("a callback runs on the publisher's thread and must not wait for the publisher; submit does not")
        self._check_process()

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            raise RuntimeError("the publisher was made in another process; make one after the fork")

    def accept(self, entries: list[Pending], wait_until: float) -> int:
        """Accepts events as space becomes free. Returns how many: fewer than all if the time was over or the
        publisher closes.
        """
        self._check_process()
        taken = 0
        with self._changed:
            for entry in entries:
                if not self._space.fits(entry.size):
                    self._wait(lambda size=entry.size: self._space.fits(size), wait_until)  # type: ignore[misc]
                    if not self._space.fits(entry.size):
                        break
                if self.is_closing:
                    break
                self._space.reserve(entry.size)
                self._inbox.append(entry)
                self._inbox_bytes += entry.size
                taken += 1
            if not self._is_busy or self._is_batch():
                self._wires.ring()
        return taken

    def _is_batch(self) -> bool:
        options = self._options
        return len(self._inbox) >= options.batch_events or self._inbox_bytes >= options.batch_bytes

    def wait_until_open(self, wait_until: float) -> tuple[Optional[Welcome], Optional[ConnectionFailed]]:
        """Waits for a connection, or for a reason why there will be none. Returns the latest of both."""
        with self._changed:
            self._wait(lambda: self._welcome is not None or self._is_refused, wait_until)
            return self._welcome, self._trouble

    def flush(self, wait_until: float) -> bool:
        """Sends lingering events, and waits until nothing is pending. False: something is still pending."""
        with self._changed:
            self._hurries = True
            self._wires.ring()
            self._wait(lambda: self._space.events == 0, wait_until)
            return self._space.events == 0

    def close(self, wait_until: float) -> None:
        """Accepts nothing more; ends when nothing is pending, at `wait_until` at the latest. In a forked process:
        does nothing.
        """
        self.begin_end(wait_until)
        if os.getpid() == self._process and not self.is_current:
            self._thread.join()

    def begin_end(self, wait_until: float) -> None:
        """Accepts nothing more; ends by itself. In a forked process: does nothing."""
        if os.getpid() != self._process:
            return
        with self._changed:
            if self._close_by is None:
                self._failed_before = self._counters.failed
            self._close_by = wait_until if self._close_by is None else min(self._close_by, wait_until)
            self._hurries = True
            self._changed.notify_all()
        self._wires.ring()

    def finish_end(self, wait_until: float) -> None:
        """Waits until it has ended, a moment longer than `wait_until` at most: a look-up may block the thread."""
        if os.getpid() == self._process and not self.is_current:
            self._thread.join(max(0.0, wait_until - time.monotonic()) + _LAST_MOMENT)

    def unanswered(self) -> int:
        """Events that ended without an answer since the close began, and those that are still pending. In a forked
        process: none."""
        if os.getpid() != self._process:
            return 0
        with self._changed:
            if self._close_by is None:
                return 0
            return self._counters.failed - self._failed_before - self._reported + self._space.events

    def take_unanswered(self) -> int:
        """The same, once."""
        count = self.unanswered()
        self._reported += count
        return count

    def latest_problem(self) -> str:
        return "" if self._trouble is None else str(self._trouble)

    @property
    def is_current(self) -> bool:
        """Whether the caller runs on the publisher's thread, in a callback."""
        return threading.current_thread() is self._thread

    @property
    def is_closed_or_forked(self) -> bool:
        return self._has_ended or os.getpid() != self._process

    @property
    def is_closing(self) -> bool:
        return self._close_by is not None or self._has_ended

    def counters(self) -> Counters:
        with self._changed:
            counters = self._counters.copy()
            counters.pending, counters.pending_bytes = self._space.events, self._space.bytes
            return counters

    def _wait(self, holds: Callable[[], bool], wait_until: float) -> None:
        """Waits under the lock, until the condition holds, the time is over, or the publisher has ended."""
        if threading.current_thread() is self._thread:
            return
        while not holds() and not self._has_ended:
            left = wait_until - time.monotonic()
            if left <= 0:
                return
            self._wires.ring()
            self._changed.wait(min(left, threading.TIMEOUT_MAX))

    # The thread

    def _run(self) -> None:
        try:
            while self._round():
                pass
        except Exception:
            # Our bug; waiting callers must be told nevertheless.
            self._log.critical("the publisher's thread failed; the publisher closes", exc_info=True)
        finally:
            self._end()

    def _round(self) -> bool:
        """Takes what was handed over, does what is due, waits for what comes. False: closed, and nothing is pending."""
        now = time.monotonic()
        with self._changed:
            inbox, self._inbox, self._inbox_bytes = self._inbox, [], 0
            hurries, self._hurries = self._hurries, False
            close_by = self._close_by
        self._engine.submit(inbox, now)
        if hurries:
            self._engine.hurry()
        self._wires.take_news(now)
        self._engine.turn(now)
        is_idle = self._show() == 0
        if close_by is not None and (is_idle or now >= close_by):
            return False
        self._wires.wait(self._pause(close_by))
        return True

    def _pause(self, close_by: Optional[float]) -> Optional[float]:
        """How long to wait for sockets and wake-ups, in seconds; None: without limit."""
        due = min(self._engine.next_due(), math.inf if close_by is None else close_by)
        now = time.monotonic()
        with self._changed:
            # Lingering needs the time of each event. Without it, events that come while frames are in flight need not
            # wake the thread,
            # but must be seen before their deadline.
            self._is_busy = self._engine.has_flights and not self._options.linger
            if self._is_busy:
                due = min(due, now + _LONGEST_NAP)
            elif self._inbox:
                return 0.0
        return None if due == math.inf else max(0.0, due - now)

    def _show(self) -> int:
        """Publishes the current state to callers. Returns how many events are pending."""
        completions = self._engine.completions
        link = self._engine.open_link
        welcome = link.welcome if link else None
        trouble = self._engine.trouble
        with self._changed:
            if completions.released_events or welcome is not self._welcome or trouble is not self._trouble:
                self._changed.notify_all()
            self._space.release(completions.released_events, completions.released_bytes)
            completions.released_events = completions.released_bytes = 0
            self._welcome, self._trouble = welcome, trouble
            self._is_refused = self._engine.refusal is not None
            self._counters = completions.counters.copy()
            return self._space.events

    def _end(self) -> None:
        with self._changed:
            self._has_ended = True
            inbox, self._inbox = self._inbox, []
            self._is_busy = False
        self._engine.submit(inbox, time.monotonic())
        self._engine.close()
        self._show()
        self._wires.close()
        with self._changed:
            self._changed.notify_all()
