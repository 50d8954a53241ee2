"""The events that wait to be sent: new ones, those to be sent again, and those that must not be sent before a time."""

from __future__ import annotations

import heapq
import math
from collections import deque
from itertools import chain
from typing import Optional

from .pending import Pending, Stage


class Backlog:
    """What waits, in the order of sending. Events to be sent again go before new ones, in the order of the calls."""

    def __init__(self) -> None:
        self._new: deque[Pending] = deque()
        self._again: list[Pending] = []
        self._later: list[tuple[float, Pending]] = []
        #: The sequence number of the next new event.
        self.next_sequence = 0
        #: Of `_new` and `_again`, without entries that are DONE.
        self.events = 0
        self.bytes = 0

    def add(self, entry: Pending, now: float) -> None:
        """A new event."""
        entry.sequence = self.next_sequence
        self.next_sequence += 1
        entry.since = now
        self._new.append(entry)
        self._count(entry)

    def add_again(self, entry: Pending) -> None:
        """An event to be sent again as soon as possible."""
        entry.stage = Stage.WAITING
        heapq.heappush(self._again, entry)
        self._count(entry)

    def add_later(self, entry: Pending, due: float) -> None:
        """An event to be sent again, not before `due`."""
        entry.stage = Stage.HELD_BACK
        heapq.heappush(self._later, (due, entry))

    def _count(self, entry: Pending) -> None:
        self.events += 1
        self.bytes += entry.size

    def wake(self, now: float) -> None:
        """Moves events whose time has come to those to be sent."""
        while self._later and self._later[0][0] <= now:
            entry = heapq.heappop(self._later)[1]
            if entry.stage != Stage.DONE:
                self.add_again(entry)

    @property
    def next_wake(self) -> float:
        return self._later[0][0] if self._later else math.inf

    def peek(self) -> Optional[Pending]:
        """The next event to be sent."""
        while self._again and self._again[0].stage == Stage.DONE:
            heapq.heappop(self._again)
        if self._again:
            return self._again[0]
        while self._new and self._new[0].stage == Stage.DONE:
            self._new.popleft()
        return self._new[0] if self._new else None

    @property
    def has_returned(self) -> bool:
        """Whether an event that is sent again waits: it has no reason to linger."""
        return bool(self._again)

    def pop(self) -> Pending:
        """Removes the event that `peek` returned."""
        entry = heapq.heappop(self._again) if self._again else self._new.popleft()
        self.events -= 1
        self.bytes -= entry.size
        return entry

    def drop(self, entry: Pending) -> None:
        """The entry became DONE while it waits. Its bytes are subtracted now; it is removed at the next `sweep` or at
        its turn.
        """
        if entry.stage == Stage.WAITING:
            self.events -= 1
            self.bytes -= entry.size
        entry.stage = Stage.DONE
        entry.record = b""

    def sweep(self) -> None:
        """Removes all entries that are DONE, wherever they are."""
        self._new = deque(entry for entry in self._new if entry.stage != Stage.DONE)

    def waiting(self) -> list[Pending]:
        """All that are not DONE, in no order."""
        later = (entry for _, entry in self._later)
        return [entry for entry in chain(self._new, self._again, later) if entry.stage != Stage.DONE]
