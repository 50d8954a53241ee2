"""What waits for receipts in the threaded publisher: a future, or a batch."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Union, cast

from .errors import BatchIncomplete, EventRefused, PublishError
from .receipt import Receipt


class FutureSink:
    """One event's future."""

    __slots__ = ("future", "_raises", "_has_begun")

    def __init__(self, raise_on_refusal: bool):
        self.future: Future[Receipt] = Future()
        self._raises = raise_on_refusal
        self._has_begun = False

    def begin(self, index: int) -> bool:
        if not self._has_begun:
            self._has_begun = True
            return self.future.set_running_or_notify_cancel()
        return True

    def settle(self, index: int, receipt: Receipt) -> None:
        # An event that ends unsent may have been cancelled at the same moment.
        if not self.begin(index):
            return
        if self._raises and not receipt.stored:
            self.future.set_exception(EventRefused(receipt))
        else:
            self.future.set_result(receipt)

    def fail(self, index: int, error: PublishError) -> None:
        if self.begin(index):
            self.future.set_exception(error)


class Results:
    """The results of a batch's events, in the order of the call."""

    def __init__(self, count: int):
        self._ends: list[Union[Receipt, PublishError, None]] = [None] * count
        self._left = count

    def put(self, index: int, end: Union[Receipt, PublishError]) -> bool:
        """Records a result. True: it was the last one."""
        self._ends[index] = end
        self._left -= 1
        return self._left == 0

    def receipts(self) -> list[Receipt]:
        """:raises BatchIncomplete: an event has no receipt."""
        ends = cast("list[Union[Receipt, PublishError]]", self._ends)
        if any(isinstance(end, PublishError) for end in ends):
            raise BatchIncomplete(ends)
        return cast("list[Receipt]", ends)


class BatchSink:
    """A batch that a thread waits for. `settle` and `fail` are called on the publisher's thread, `fail` also on the
    caller's.
    """

    def __init__(self, count: int):
        self._results = Results(count)
        self._lock = threading.Lock()
        self._is_done = threading.Event()
        if count == 0:
            self._is_done.set()

    def begin(self, index: int) -> bool:
        return True

    def settle(self, index: int, receipt: Receipt) -> None:
        self._put(index, receipt)

    def fail(self, index: int, error: PublishError) -> None:
        self._put(index, error)

    def _put(self, index: int, end: Union[Receipt, PublishError]) -> None:
        with self._lock:
            is_last = self._results.put(index, end)
        if is_last:
            self._is_done.set()

    def receipts(self) -> list[Receipt]:
        """Waits for all."""
        self._is_done.wait()
        return self._results.receipts()
