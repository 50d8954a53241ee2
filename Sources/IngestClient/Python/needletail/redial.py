"""When and where the next connection is tried."""

from __future__ import annotations

import random
from typing import Sequence

from .settings import Address, Options


class Redial:
    """Addresses in turn; after failures exponential backoff with full jitter, so that many clients do not return at
    once.
    """

    def __init__(self, addresses: Sequence[Address], options: Options, chance: random.Random):
        self._addresses = addresses
        self._options = options
        self._chance = chance
        self._next = 0
        self._failures = 0
        #: Not before, on the monotonic clock.
        self.due = 0.0

    def take_address(self) -> Address:
        """The next in turn."""
        address = self._addresses[self._next % len(self._addresses)]
        self._next += 1
        return address

    def failed(self, now: float) -> None:
        """A connection could not be made, or ended."""
        self.due = now + self._chance.uniform(0, self.backoff(self._failures))
        self._failures += 1

    def worked(self) -> None:
        """A connection has worked: the next failure counts as the first again."""
        self._failures = 0

    def leave(self, now: float, spread: float) -> None:
        """The server sent GOAWAY: connect again after a random part of the spread time (5.6.1)."""
        self._failures = 0
        self.due = now + self._chance.uniform(0, spread)

    def backoff(self, failures: int) -> float:
        """The longest wait after this number of failures, in seconds."""
        return min(self._options.backoff_most, self._options.backoff_initial * 2.0 ** min(failures, 60))

    def jitter(self) -> float:
        """A random factor for a backoff, 0 to 1. An event that was sent n times waits this part of `backoff(n - 1)`, in addition to
        the server's retry-after."""
        return self._chance.random()
