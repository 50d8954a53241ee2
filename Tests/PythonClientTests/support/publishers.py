"""Both publishers with one face, so that one test holds both to the same guarantees."""

import asyncio
import os
import threading
import time

from needletail import AsyncPublisher, Event, Options, Publisher, uuid7

KEY = "key-of-the-python-tests"

#: Quick enough for tests.
QUICK = dict(backoff_initial=0.005, backoff_most=0.02, publish_timeout=10.0)


def options(**changes):
    return Options(**{**QUICK, **changes})


def events(count, tenant="acme", payload=b'{"n":1}', **fields):
    return [Event(tenant, "order.placed", payload, id=uuid7(), **fields) for _ in range(count)]


def until(holds):
    """Waits for what another thread is about to do."""
    late = time.monotonic() + 20
    while not holds():
        if time.monotonic() > late:
            raise AssertionError("waited in vain")
        os.sched_yield()


class Threaded:
    """Publisher, as it is."""

    name = "threads"

    def __init__(self, addresses, key=KEY, ssl_context=None, **changes):
        self.publisher = Publisher(addresses, key, ssl_context=ssl_context, options=options(**changes))
        for name in ("publish", "submit", "publish_many", "connect", "flush", "close"):
            setattr(self, name, getattr(self.publisher, name))

    @property
    def counters(self):
        return self.publisher.counters

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.publisher.close(None if kind is None else 0)


class Asynchronous:
    """AsyncPublisher on a loop in a thread of its own."""

    name = "asyncio"

    def __init__(self, addresses, key=KEY, ssl_context=None, **changes):
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.publisher = self._wait(self._make(addresses, key, ssl_context=ssl_context, options=options(**changes)))
        self._has_closed = False

    async def _make(self, *arguments, **named):
        publisher = AsyncPublisher(*arguments, **named)
        return await publisher.__aenter__()

    def _wait(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def publish(self, event, **named):
        return self._wait(self.publisher.publish(event, **named))

    def submit(self, event, **named):
        return asyncio.run_coroutine_threadsafe(self.publisher.publish(event, **named), self.loop)

    def publish_many(self, listed, **named):
        return self._wait(self.publisher.publish_many(listed, **named))

    def connect(self, *arguments):
        return self._wait(self.publisher.connect(*arguments))

    def flush(self, *arguments):
        return self._wait(self.publisher.flush(*arguments))

    def close(self, *arguments):
        if not self._has_closed:
            self._has_closed = True
            self._wait(self.publisher.close(*arguments))
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join()
            self.loop.close()

    @property
    def counters(self):
        return self.publisher.counters

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.close(*([] if kind is None else [0]))
