"""The publisher for threads."""

from __future__ import annotations

import logging
import math
import ssl
import time
from concurrent.futures import Future
from types import TracebackType
from typing import Iterable, Optional, Sequence, Type, Union

from . import endings
from .counters import Counters
from .errors import ConnectionTimeout, PublisherClosed, PublishError, PublishTimeout
from .event import Event, encode_record
from .frames import Welcome
from .pending import Pending
from .receipt import Receipt
from .settings import Options, Settings
from .sinks import BatchSink, FutureSink
from .threads import ConnectionThread

#: Events of a `publish_many` that are encoded before they are handed over, so that sending starts before all are
#: encoded.
_SLICE = 512


class Publisher:
    """Publishes events and waits for their receipts. Every method may be called from every thread.

    It connects in the background as soon as it is made, and again whenever the connection ends. Events without an answer are
    then sent again with the same ids. Each event ends in a receipt or an exception; none is dropped silently. At its end the
    program waits for pending events, for ``Options.exit_timeout`` at most, unless `close` was called before; a line on stderr
    then says how many ended without an answer. A signal that ends the process at once, as SIGTERM does without a handler,
    gives no such chance: see "When the program ends" in README.md.

    It does not survive ``os.fork``: make one in each process.

    :param addresses: ``host:port``, ``[v6]:port`` or ``unix:/path``; if there are several, they are tried in turn.
    :param api_key: authorises the client for its tenants. Never logged.
    :param client_name: names this program in the server's logs.
    :param ssl_context: for TLS on TCP addresses; see ``tls_context``.
    :param logger: ``logging.getLogger("needletail")`` by default.
    :raises ValueError: a setting that cannot work.
    """

    def __init__(
        self,
        addresses: Union[str, Sequence[str]],
        api_key: str,
        *,
        client_name: str = "needletail-python",
        ssl_context: Optional[ssl.SSLContext] = None,
        options: Optional[Options] = None,
        logger: Optional[logging.Logger] = None,
    ):
        self._settings = Settings.of(addresses, api_key, client_name, ssl_context, options)
        self._log = logger or logging.getLogger("needletail")
        self._thread = ConnectionThread(self._settings, self._log)
        endings.opened(self._thread)

    # Publishing

    def publish(self, event: Event, *, timeout: Optional[float] = None, raise_on_refusal: bool = True) -> Receipt:
        """Publishes one event; returns when it is durable.

        :param timeout: seconds, including retries and reconnects; ``Options.publish_timeout`` by default.
        :param raise_on_refusal: if False, a refusal is a receipt too; look at ``stored``.
        :raises EventRefused: the server refuses the event permanently.
        :raises PublishTimeout: no answer in time; ``in_doubt`` says whether the event may be stored nevertheless.
        :raises PublishFailed: no server accepts this client, for example because the key is wrong.
        :raises PublisherClosed: closed in the meantime.
        """
        self._thread.check_caller()
        return self.submit(event, timeout=timeout, raise_on_refusal=raise_on_refusal).result()

    def submit(
        self, event: Event, *, timeout: Optional[float] = None, raise_on_refusal: bool = True
    ) -> Future[Receipt]:
        """Hands one event over; the future gives its receipt later. Blocks while ``max_pending_events`` or
        ``max_pending_bytes`` are pending.

        The future ends as ``publish`` does. Its ``cancel`` withdraws the event if it was not sent yet; otherwise it returns False.
        Its callbacks run on the publisher's thread: they must be short, and must not wait. A ``submit`` in a callback finds space
        or raises at once.

        :raises PublishTimeout: there was no space in time. Nothing was sent.
        :raises PublisherClosed: it was closed already. Nothing was sent.
        """
        deadline = self._deadline(timeout)
        sink = FutureSink(raise_on_refusal)
        entry = Pending(event.id, encode_record(event), deadline, sink)
        if not self._thread.accept([entry], deadline):
            raise self._not_taken(entry)
        return sink.future

    def publish_many(self, events: Iterable[Event], *, timeout: Optional[float] = None) -> list[Receipt]:
        """Publishes events in as few frames as the limits allow; returns when each has its answer.

        A refusal is a receipt here: look at ``stored``. A refused event does not affect the others.

        :returns: one receipt per event, in order.
        :raises BatchIncomplete: some have no receipt; ``results`` has a receipt or an error for each.
        """
        self._thread.check_caller()
        deadline = self._deadline(timeout)
        events = list(events)
        sink = BatchSink(len(events))
        for start in range(0, len(events), _SLICE):
            entries = [
                Pending(event.id, encode_record(event), deadline, sink, index)
                for index, event in enumerate(events[start : start + _SLICE], start)
            ]
            taken = self._thread.accept(entries, deadline)
            for entry in entries[taken:]:
                sink.fail(entry.index, self._not_taken(entry))
        return sink.receipts()

    def _not_taken(self, entry: Pending) -> PublishError:
        if self._thread.is_closing:
            return PublisherClosed(f"the publisher is closed; event {entry.event_id} was not sent", entry.event_id)
        return PublishTimeout(f"no space for event {entry.event_id} in time: too much is pending", entry.event_id)

    # The connection

    def connect(self, timeout: Optional[float] = None) -> Welcome:
        """Waits for the connection. Optional: it makes a wrong address or key fail early.

        :returns: what the server announced.
        :raises ConnectionFailed: there is no connection in time, or there will be none.
        """
        self._thread.check_caller()
        welcome, trouble = self._thread.wait_until_open(self._deadline(timeout))
        if welcome is not None:
            return welcome
        raise trouble or ConnectionTimeout("no connection in time")

    def flush(self, timeout: Optional[float] = None) -> None:
        """Sends lingering events, and waits until nothing is pending.

        :raises TimeoutError: something is still pending.
        """
        self._thread.check_caller()
        if not self._thread.flush(self._deadline(timeout)):
            raise TimeoutError(f"{self.counters.pending} events are still pending")

    def close(self, timeout: Optional[float] = None) -> None:
        """Accepts no more events, waits for those that are pending, and closes. A WARNING is logged if some of them end
        without an answer. If it is interrupted, the end of the program waits for the rest.

        :param timeout: seconds; events without an answer then end with PublisherClosed. None: each event's own deadline.
        """
        self._thread.close(math.inf if timeout is None else time.monotonic() + timeout)
        if not self._thread.is_current:
            endings.closed(self._thread)
        unanswered = self._thread.take_unanswered()
        if unanswered:
            self._log.warning("%s", endings.describe(unanswered))

    @property
    def counters(self) -> Counters:
        """What was done so far, and what is pending."""
        return self._thread.counters()

    def _deadline(self, timeout: Optional[float]) -> float:
        seconds = self._settings.options.publish_timeout if timeout is None else timeout
        return math.inf if seconds is None else time.monotonic() + seconds

    def __enter__(self) -> Publisher:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if kind is None or issubclass(kind, Exception):
            self.close()
        elif not self._thread.is_closed_or_forked:
            # KeyboardInterrupt, SystemExit: the program is about to end.
            endings.end([self._thread])


