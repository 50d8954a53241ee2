"""The events that wait to be sent: new ones, those that come back, and those that must not go before a time."""

from __future__ import annotations

import heapq
import math
from collections import deque
from itertools import chain
from typing import Optional

from .pending import Pending, Stage


class Backlog:
    """What waits, in the order it is to be sent. What comes back goes before what was never sent, in the order of the calls."""

    def __init__(self) -> None:
        self._new: deque[Pending] = deque()
        self._again: list[Pending] = []
        self._later: list[tuple[float, Pending]] = []
        #: The sequence number of the next new event.
        self.next_sequence = 0
        #: Of `_new` and `_again`; what is DONE already does not count.
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
        """An event that must be sent once more, as soon as may be."""
        entry.stage = Stage.WAITING
        heapq.heappush(self._again, entry)
        self._count(entry)

    def add_later(self, entry: Pending, due: float) -> None:
        """An event that must be sent once more, not before `due`."""
        entry.stage = Stage.HELD_BACK
        heapq.heappush(self._later, (due, entry))

    def _count(self, entry: Pending) -> None:
        self.events += 1
        self.bytes += entry.size

    def wake(self, now: float) -> None:
        """Lets those go whose time has come."""
        while self._later and self._later[0][0] <= now:
            entry = heapq.heappop(self._later)[1]
            if entry.stage != Stage.DONE:
                self.add_again(entry)

    @property
    def next_wake(self) -> float:
        return self._later[0][0] if self._later else math.inf

    def peek(self) -> Optional[Pending]:
        """The next to be sent."""
        while self._again and self._again[0].stage == Stage.DONE:
            heapq.heappop(self._again)
        if self._again:
            return self._again[0]
        while self._new and self._new[0].stage == Stage.DONE:
            self._new.popleft()
        return self._new[0] if self._new else None

    @property
    def has_returned(self) -> bool:
        """Whether something that comes back waits: it has no reason to linger."""
        return bool(self._again)

    def pop(self) -> Pending:
        """Takes what `peek` has shown."""
        entry = heapq.heappop(self._again) if self._again else self._new.popleft()
        self.events -= 1
        self.bytes -= entry.size
        return entry

    def drop(self, entry: Pending) -> None:
        """The entry is DONE while it waits. Its bytes go now, its place with the next `sweep` or when its turn comes."""
        if entry.stage == Stage.WAITING:
            self.events -= 1
            self.bytes -= entry.size
        entry.stage = Stage.DONE
        entry.record = b""

    def sweep(self) -> None:
        """Clears the places of all that are DONE, wherever they stand."""
        self._new = deque(entry for entry in self._new if entry.stage != Stage.DONE)

    def waiting(self) -> list[Pending]:
        """All that are not DONE, in no order."""
        later = (entry for _, entry in self._later)
        return [entry for entry in chain(self._new, self._again, later) if entry.stage != Stage.DONE]
