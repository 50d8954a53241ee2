"""How much may be pending in this process."""

from __future__ import annotations


class BufferSpace:
    """Events and bytes without an answer, and their limits. While a limit is reached, publishing waits."""

    def __init__(self, most_events: int, most_bytes: int):
        self._most_events = most_events
        self._most_bytes = most_bytes
        self.events = 0
        self.bytes = 0

    def fits(self, size: int) -> bool:
        """Whether one more event fits. An event that is larger than the limit fits when nothing else is pending."""
        return self.events < self._most_events and (self.bytes + size <= self._most_bytes or self.events == 0)

    def reserve(self, size: int) -> None:
        self.events += 1
        self.bytes += size

    def release(self, events: int, size: int) -> None:
        self.events -= events
        self.bytes -= size
