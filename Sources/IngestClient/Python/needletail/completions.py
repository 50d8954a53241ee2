"""How events end: each ends once, is counted once, and releases its space once."""

from __future__ import annotations

import logging
from typing import Optional

from .counters import Counters
from .errors import EventRefused, PublishError, PublisherClosed, PublishFailed, PublishTimeout
from .pending import NOBODY, Pending
from .receipt import Receipt
from .status import Status


class Completions:
    """Tells callers how their events ended, and counts."""

    def __init__(self, log: logging.Logger) -> None:
        self.counters = Counters()
        #: Space that ended events have released since it was last read.
        self.released_events = 0
        self.released_bytes = 0
        self._log = log

    def stored(self, entry: Pending, status: Status, commit: int) -> None:
        """The server has stored it."""
        self._release(entry)
        if entry.sink is NOBODY:
            return
        self.counters.stored += 1
        if status == Status.DUPLICATE:
            self.counters.duplicates += 1
        entry.sink.settle(entry.index, Receipt(entry.event_id, status, 0.0, commit))

    def refused(self, entry: Pending, status: Status, commit: int = 0) -> None:
        """The server, or this client on its behalf, will never accept it."""
        self._release(entry)
        if entry.sink is NOBODY:
            return
        self.counters.refused += 1
        self._log.debug("event %s is refused: %s", entry.event_id, status.name)
        entry.sink.settle(entry.index, Receipt(entry.event_id, status, 0.0, commit))

    def cancelled(self, entry: Pending) -> None:
        """Its caller withdrew it before it was sent."""
        self._release(entry)
        self.counters.cancelled += 1

    def timed_out(self, entry: Pending, trouble: Optional[BaseException]) -> None:
        """Its time was over while it waited."""
        self._release(entry)
        self._fail(entry, self._timeout(entry, trouble))

    def abandoned(self, entry: Pending, trouble: Optional[BaseException]) -> None:
        """Its time was over in flight. Its space is released with the answer, or with the end of the connection."""
        entry.in_doubt = True
        self._fail(entry, self._timeout(entry, trouble))
        entry.sink = NOBODY

    def forgotten(self, entry: Pending) -> None:
        """The answer to an abandoned event has come, or its connection has ended."""
        self._release(entry)

    def closed(self, entry: Pending) -> None:
        """The publisher is closed."""
        self._release(entry)
        text = f"the publisher was closed before event {entry.event_id} had its answer"
        self._fail(entry, PublisherClosed(text, entry.event_id, in_doubt=entry.in_doubt, receipt=entry.receipt))

    def hopeless(self, entry: Pending, trouble: BaseException) -> None:
        """No server accepts this client."""
        self._release(entry)
        error = PublishFailed(str(trouble), entry.event_id, in_doubt=entry.in_doubt, receipt=entry.receipt)
        error.__cause__ = trouble
        self._fail(entry, error)

    def _timeout(self, entry: Pending, trouble: Optional[BaseException]) -> PublishTimeout:
        if entry.answer is not None:
            why = f"the last answer was {entry.answer[0].name}"
        elif entry.sends:
            why = "sent, and not answered"
        else:
            why = str(trouble) if trouble else "not sent: events published before it are not answered yet"
        error = PublishTimeout(
            f"no receipt for event {entry.event_id} in time: {why}",
            entry.event_id,
            in_doubt=entry.in_doubt,
            receipt=entry.receipt,
        )
        error.__cause__ = trouble
        return error

    def _fail(self, entry: Pending, error: PublishError) -> None:
        if entry.sink is NOBODY:
            return
        self.counters.failed += 1
        entry.sink.fail(entry.index, error)

    def _release(self, entry: Pending) -> None:
        self.released_events += 1
        self.released_bytes += entry.size


def result_of(receipt: Receipt, raise_on_refusal: bool) -> Receipt:
    """The receipt, or its exception.

    :raises EventRefused: the receipt is a refusal, and the caller asked for an exception.
    """
    if raise_on_refusal and not receipt.stored:
        raise EventRefused(receipt)
    return receipt
