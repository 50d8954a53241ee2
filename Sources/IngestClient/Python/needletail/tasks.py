"""Runs the engine of the asyncio publisher on its event loop, and passes events from callers to it."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import time
from collections import deque
from typing import Callable, Optional

from .async_wires import AsyncWires
from .counters import Counters
from .engine import Engine
from .errors import ConnectionFailed
from .frames import Welcome
from .pending import Pending
from .buffer_space import BufferSpace
from .settings import Settings

#: A task that hands over this many events without a pause lets others run: nothing is sent before that.
_MOST_WITHOUT_TURN = 256


class ConnectionTask:
    """Runs the engine on an event loop, by callbacks only. Everything here is called on that loop."""

    def __init__(self, settings: Settings, log: logging.Logger):
        self._wires = AsyncWires(settings, self.schedule)
        self._engine = Engine(settings, self._wires, log)
        self._wires.engine = self._engine
        self._space = BufferSpace(settings.options.max_pending_events, settings.options.max_pending_bytes)
        # Callers that wait for space, in order: the size of each, and the future that tells it that its space is
        # reserved.
        self._queue: deque[tuple[int, asyncio.Future[bool]]] = deque()
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._watchers: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._timer: Optional[asyncio.TimerHandle] = None
        self._timer_due = math.inf
        self._is_scheduled = False
        self._since_turn = 0
        self._close_by: Optional[float] = None
        self._has_ended = False
        # Events that had failed before the close began; and how many have been reported since.
        self._failed_before = 0
        self._reported = 0
        self._process = os.getpid()
        #: Without its loop nothing comes any more.
        self.exit_timeout = 0.0

    # For the publisher

    def start(self) -> None:
        """Begins to connect, once.

        :raises RuntimeError: called on another event loop than before.
        """
        running = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = self._wires.loop = running
            self.schedule()
        elif self._loop is not running:
            raise RuntimeError("the publisher belongs to another event loop; make one for this loop")

    async def accept(self, entry: Pending) -> bool:
        """Accepts an event when there is space. False: the time was over before, or the publisher is closing."""
        if self.is_closing:
            return False
        self.start()
        if self._queue or not self._space.fits(entry.size):
            if not await self._wait_for_space(entry):
                return False
        else:
            self._space.reserve(entry.size)
        self._engine.submit((entry,), time.monotonic())
        self.schedule()
        self._since_turn += 1
        if self._since_turn >= _MOST_WITHOUT_TURN:
            await asyncio.sleep(0)
        return True

    async def _wait_for_space(self, entry: Pending) -> bool:
        assert self._loop is not None
        turn: asyncio.Future[bool] = self._loop.create_future()
        self._queue.append((entry.size, turn))
        timer = None
        if entry.deadline < math.inf:
            timer = self._loop.call_later(max(0.0, entry.deadline - time.monotonic()), _end_wait, turn)
        try:
            return await turn
        except asyncio.CancelledError:
            # Cancelled at the same moment at which space was reserved.
            if turn.done() and not turn.cancelled() and turn.result():
                self._space.release(1, entry.size)
                self._give_space()
            raise
        finally:
            if timer is not None:
                timer.cancel()

    async def wait_until_open(self, wait_until: float) -> tuple[Optional[Welcome], Optional[ConnectionFailed]]:
        """Waits for a connection, or for a reason why there will be none. Returns the latest of both."""
        self.start()
        await self._wait(lambda: self._engine.open_link is not None or self._engine.refusal is not None, wait_until)
        link = self._engine.open_link
        return link.welcome if link else None, self._engine.trouble

    async def flush(self, wait_until: float) -> bool:
        """Sends lingering events, and waits until nothing is pending. False: something is still pending."""
        self.start()
        self._engine.hurry()
        self.schedule()
        await self._wait(lambda: self._space.events == 0, wait_until)
        return self._space.events == 0

    async def close(self, wait_until: float) -> None:
        """Accepts nothing more; ends when nothing is pending, at `wait_until` at the latest."""
        if self._close_by is None:
            self._failed_before = self._engine.completions.counters.failed
        self._close_by = wait_until if self._close_by is None else min(self._close_by, wait_until)
        if self._loop is None:
            # Never used: nothing to close.
            self._has_ended = True
            return
        self.start()
        self._engine.hurry()
        for _, turn in self._queue:
            if not turn.done():
                turn.set_result(False)
        self._queue.clear()
        self.schedule()
        try:
            await self._wait(lambda: self._has_ended, math.inf)
            await self._wires.all_closed()
        except asyncio.CancelledError:
            self._end()
            raise

    @property
    def is_closing(self) -> bool:
        return self._close_by is not None

    @property
    def has_ended(self) -> bool:
        return self._has_ended

    def take_unanswered(self) -> int:
        """Events that ended without an answer since the close began, once."""
        count = self._engine.completions.counters.failed - self._failed_before - self._reported
        self._reported += count
        return count

    # At the end of the program: its loop has ended, so there is nothing to wait for.

    def begin_end(self, wait_until: float) -> None:
        pass

    def finish_end(self, wait_until: float) -> None:
        pass

    def unanswered(self) -> int:
        return self._space.events if os.getpid() == self._process else 0

    def latest_problem(self) -> str:
        return "" if self._engine.trouble is None else str(self._engine.trouble)

    def counters(self) -> Counters:
        counters = self._engine.completions.counters.copy()
        counters.pending, counters.pending_bytes = self._space.events, self._space.bytes
        return counters

    async def _wait(self, holds: Callable[[], bool], wait_until: float) -> None:
        """Waits until the condition holds, the time is over, or the publisher has ended."""
        assert self._loop is not None
        if holds() or self._has_ended:
            return
        watch: asyncio.Future[None] = self._loop.create_future()
        self._watchers.append((holds, watch))
        timeout = None if wait_until == math.inf else max(0.0, wait_until - time.monotonic())
        await asyncio.wait((watch,), timeout=timeout)
        watch.cancel()

    # The turn

    def schedule(self) -> None:
        """Makes the engine take its turn after the callbacks of this moment: what they hand over makes one batch."""
        if not self._is_scheduled and not self._has_ended and self._loop is not None:
            self._is_scheduled = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._is_scheduled = False
        self._since_turn = 0
        if self._has_ended:
            return
        now = time.monotonic()
        self._engine.turn(now)
        self._take_released()
        if self._close_by is not None and (self._space.events == 0 or now >= self._close_by):
            self._end()
        else:
            self._set_timer(min(self._engine.next_due(), math.inf if self._close_by is None else self._close_by), now)
        self._tell_watchers()

    def _take_released(self) -> None:
        completions = self._engine.completions
        self._space.release(completions.released_events, completions.released_bytes)
        completions.released_events = completions.released_bytes = 0
        self._give_space()

    def _give_space(self) -> None:
        """Admits waiting callers in order, as far as there is space."""
        while self._queue:
            size, turn = self._queue[0]
            if not turn.done():
                if not self._space.fits(size):
                    return
                self._space.reserve(size)
                turn.set_result(True)
            self._queue.popleft()

    def _tell_watchers(self) -> None:
        waiting = []
        for holds, watch in self._watchers:
            if watch.done():
                continue
            if holds() or self._has_ended:
                watch.set_result(None)
            else:
                waiting.append((holds, watch))
        self._watchers = waiting

    def _set_timer(self, due: float, now: float) -> None:
        """A timer that fires too early does no harm, so an earlier one is kept."""
        assert self._loop is not None
        if self._timer is not None:
            if self._timer_due <= due:
                return
            self._timer.cancel()
            self._timer = None
        if due < math.inf:
            self._timer_due = due
            self._timer = self._loop.call_later(max(0.0, due - now), self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._turn()

    def _end(self) -> None:
        if self._has_ended:
            return
        self._has_ended = True
        self._engine.close()
        self._take_released()
        if self._timer is not None:
            self._timer.cancel()
        self._tell_watchers()


def _end_wait(turn: asyncio.Future[bool]) -> None:
    if not turn.done():
        turn.set_result(False)
