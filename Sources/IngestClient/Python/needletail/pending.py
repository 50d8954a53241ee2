"""One event between the call and its receipt."""

from __future__ import annotations

import enum
import uuid
from typing import Optional, Protocol

from .errors import PublishError
from .receipt import Receipt
from .status import Status


class Sink(Protocol):
    """What waits for events: futures and batches, each for threads and for asyncio."""

    def begin(self, index: int) -> bool:
        """The event is about to be sent for the first time. Returns False if its caller has withdrawn it."""

    def settle(self, index: int, receipt: Receipt) -> None:
        """The end: stored or refused."""

    def fail(self, index: int, error: PublishError) -> None:
        """The end without a receipt."""


class Stage(enum.IntEnum):
    """The state of an event."""

    WAITING = 0
    #: Not to be sent again before its retry-after.
    HELD_BACK = 1
    IN_FLIGHT = 2
    DONE = 3


class _Nobody:
    """Replaces a caller that was told already."""

    def begin(self, index: int) -> bool:
        return False

    def settle(self, index: int, receipt: Receipt) -> None:
        pass

    def fail(self, index: int, error: PublishError) -> None:
        pass


NOBODY = _Nobody()


class Pending:
    """One event: encoded once, sent as often as needed."""

    __slots__ = (
        "event_id", "record", "size", "deadline", "sink", "index", "sequence", "sends", "stage", "answer", "since", "in_doubt",
    )  # fmt: skip

    def __init__(self, event_id: uuid.UUID, record: bytes, deadline: float, sink: Sink, index: int = 0):
        self.event_id = event_id
        self.record = record
        self.size = len(record)
        #: On the monotonic clock; infinity for none.
        self.deadline = deadline
        self.sink = sink
        self.index = index
        #: The order of the calls; events are sent again in this order.
        self.sequence = 0
        self.sends = 0
        self.stage = Stage.WAITING
        #: The last answer of class "send again": status, retry-after in seconds.
        self.answer: Optional[tuple[Status, float]] = None
        #: The time at which it began to wait, on the monotonic clock.
        self.since = 0.0
        #: It may be stored: an answer was lost, or was BUSY.
        self.in_doubt = False

    def __lt__(self, other: Pending) -> bool:
        return self.sequence < other.sequence

    @property
    def receipt(self) -> Optional[Receipt]:
        """The last answer as a receipt, if there was one."""
        return Receipt(self.event_id, *self.answer) if self.answer else None
