"""The publisher for asyncio."""

from __future__ import annotations

import asyncio
import logging
import math
import ssl
import time
from types import TracebackType
from typing import AsyncIterable, Iterable, Optional, Sequence, Type, Union

from . import endings
from .async_sinks import AsyncBatchSink, AsyncFutureSink
from .counters import Counters
from .errors import ConnectionTimeout, PublisherClosed, PublishError, PublishTimeout
from .event import Event, encode_record
from .frames import Welcome
from .pending import Pending
from .receipt import Receipt
from .settings import Options, Settings
from .tasks import ConnectionTask


class AsyncPublisher:
    """Publishes events and awaits their receipts, on one event loop: that of the first call.

    It connects in the background with the first call or ``async with``, and again whenever the connection ends. Events
    without an answer are then sent again with the same ids. Each event ends in a receipt or an exception, as long as the
    loop runs: call ``close`` before it ends, or use ``async with``. If that was not done, a line on stderr says at the end of
    the program how many events had no answer.

    Parameters: as for ``Publisher``.
    """

    def __init__(
        self,
        addresses: Union[str, Sequence[str]],
        api_key: str,
        *,
        client_name: str = "needletail-python-asyncio",
        ssl_context: Optional[ssl.SSLContext] = None,
        options: Optional[Options] = None,
        logger: Optional[logging.Logger] = None,
    ):
        self._settings = Settings.of(addresses, api_key, client_name, ssl_context, options)
        self._log = logger or logging.getLogger("needletail")
        self._task = ConnectionTask(self._settings, self._log)
        endings.opened(self._task)

    # Publishing

    async def publish(self, event: Event, *, timeout: Optional[float] = None, raise_on_refusal: bool = True) -> Receipt:
        """Publishes one event; returns when it is durable. See ``Publisher.publish``.

        If cancelled, the event is withdrawn if it was not sent yet; otherwise it may be stored.
        """
        return await (await self.submit(event, timeout=timeout, raise_on_refusal=raise_on_refusal))

    async def submit(
        self, event: Event, *, timeout: Optional[float] = None, raise_on_refusal: bool = True
    ) -> asyncio.Future[Receipt]:
        """Hands one event over; the future gives its receipt later. Suspends while ``max_pending_events`` or
        ``max_pending_bytes`` are pending; waiting callers are served in order.

        Cancelling the future withdraws the event if it was not sent yet.

        :raises PublishTimeout: there was no space in time. Nothing was sent.
        :raises PublisherClosed: it was closed already. Nothing was sent.
        """
        deadline = self._deadline(timeout)
        sink = AsyncFutureSink(asyncio.get_running_loop().create_future(), raise_on_refusal)
        entry = Pending(event.id, encode_record(event), deadline, sink)
        try:
            if not await self._task.accept(entry):
                raise self._not_taken(entry)
        except asyncio.CancelledError:
            # It may have been handed over already.
            sink.future.cancel()
            raise
        return sink.future

    async def publish_many(
        self, events: Union[Iterable[Event], AsyncIterable[Event]], *, timeout: Optional[float] = None
    ) -> list[Receipt]:
        """Publishes events in as few frames as the limits allow; returns when each has its answer.

        A refusal is a receipt here: look at ``stored``. If cancelled, events that were not sent yet are withdrawn.

        :returns: one receipt per event, in order.
        :raises BatchIncomplete: some have no receipt; ``results`` has a receipt or an error for each.
        """
        deadline = self._deadline(timeout)
        listed = [event async for event in events] if isinstance(events, AsyncIterable) else list(events)
        sink = AsyncBatchSink(asyncio.get_running_loop().create_future(), len(listed))
        try:
            for index, event in enumerate(listed):
                entry = Pending(event.id, encode_record(event), deadline, sink, index)
                if not await self._task.accept(entry):
                    sink.fail(index, self._not_taken(entry))
            return await sink.receipts()
        except BaseException:
            sink.withdraw()
            raise

    def _not_taken(self, entry: Pending) -> PublishError:
        if self._task.is_closing:
            return PublisherClosed(f"the publisher is closed; event {entry.event_id} was not sent", entry.event_id)
        return PublishTimeout(f"no space for event {entry.event_id} in time: too much is pending", entry.event_id)

    # The connection

    async def connect(self, timeout: Optional[float] = None) -> Welcome:
        """Waits for the connection. See ``Publisher.connect``."""
        welcome, trouble = await self._task.wait_until_open(self._deadline(timeout))
        if welcome is not None:
            return welcome
        raise trouble or ConnectionTimeout("no connection in time")

    async def flush(self, timeout: Optional[float] = None) -> None:
        """Sends lingering events, and waits until nothing is pending.

        :raises TimeoutError: something is still pending.
        """
        if not await self._task.flush(self._deadline(timeout)):
            raise TimeoutError(f"{self.counters.pending} events are still pending")

    async def close(self, timeout: Optional[float] = None) -> None:
        """Accepts no more events, waits for those that are pending, and closes. See ``Publisher.close``."""
        try:
            await self._task.close(math.inf if timeout is None else time.monotonic() + timeout)
        finally:
            if self._task.has_ended:
                endings.closed(self._task)
                unanswered = self._task.take_unanswered()
                if unanswered:
                    self._log.warning("%s", endings.describe(unanswered))

    @property
    def counters(self) -> Counters:
        """What was done so far, and what is pending."""
        return self._task.counters()

    def _deadline(self, timeout: Optional[float]) -> float:
        seconds = self._settings.options.publish_timeout if timeout is None else timeout
        return math.inf if seconds is None else time.monotonic() + seconds

    async def __aenter__(self) -> AsyncPublisher:
        self._task.start()
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        # Cancelled, as Ctrl-C does with `asyncio.run`: the rest of the program waits for us.
        is_interrupted = kind is not None and not issubclass(kind, Exception)
        await self.close(self._settings.options.exit_timeout if is_interrupted else None)
