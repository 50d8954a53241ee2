"""What waits for receipts in the asyncio publisher: a future, or a batch."""

from __future__ import annotations

import asyncio
from typing import Union

from .errors import EventRefused, PublishError
from .receipt import Receipt
from .sinks import Results


class AsyncFutureSink:
    """One event's future. A caller may have cancelled it at any time."""

    __slots__ = ("future", "_raises")

    def __init__(self, future: asyncio.Future[Receipt], raise_on_refusal: bool):
        self.future = future
        self._raises = raise_on_refusal

    def begin(self, index: int) -> bool:
        return not self.future.done()

    def settle(self, index: int, receipt: Receipt) -> None:
        if self.future.done():
            return
        if self._raises and not receipt.stored:
            self.future.set_exception(EventRefused(receipt))
        else:
            self.future.set_result(receipt)

    def fail(self, index: int, error: PublishError) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class AsyncBatchSink:
    """A batch that a task waits for."""

    def __init__(self, done: asyncio.Future[None], count: int):
        self._done = done
        self._results = Results(count)
        self._is_withdrawn = False
        if count == 0:
            done.set_result(None)

    def begin(self, index: int) -> bool:
        return not self._is_withdrawn

    def settle(self, index: int, receipt: Receipt) -> None:
        self._put(index, receipt)

    def fail(self, index: int, error: PublishError) -> None:
        self._put(index, error)

    def _put(self, index: int, end: Union[Receipt, PublishError]) -> None:
        if self._results.put(index, end) and not self._done.done():
            self._done.set_result(None)

    def withdraw(self) -> None:
        """The caller no longer waits: events that were not sent yet are withdrawn."""
        self._is_withdrawn = True

    async def receipts(self) -> list[Receipt]:
        """Waits for all."""
        await self._done
        return self._results.receipts()
