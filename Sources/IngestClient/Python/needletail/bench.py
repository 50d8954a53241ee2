"""How many events a second this client publishes on this machine, each with its receipt: ``python -m needletail.bench
-h``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import threading
import time
from typing import Callable

from . import checksum
from .async_publisher import AsyncPublisher
from .event import Event
from .publisher import Publisher
from .receipt import Receipt
from .settings import Options


class _Run:
    """One measurement: one connection, frames of `batch` events."""

    def __init__(self, arguments: argparse.Namespace):
        self.count: int = arguments.events
        self.batch: int = arguments.batch
        self._threads: int = arguments.threads
        self._tenant: str = arguments.tenant
        self._address: str = arguments.address
        self._key: str = arguments.key
        self._payload = b'{"x":"' + b"x" * max(0, arguments.payload - 8) + b'"}'
        self._options = Options(batch_events=self.batch)

    def event(self) -> Event:
        return Event(self._tenant, "bench.event", self._payload)

    def events(self, count: int) -> list[Event]:
        return [self.event() for _ in range(count)]

    def stream(self) -> float:
        """One call publishes all; frames follow each other as the window allows."""
        with self._publisher() as publisher:
            return self._timed(lambda: publisher.publish_many(self.events(self.count)))

    def calls(self) -> float:
        """Threads that publish a batch, wait for its receipts, and publish the next."""
        receipts: list[Receipt] = []

        def work(publisher: Publisher) -> None:
            for _ in range(self.count // self.batch // self._threads):
                receipts.extend(publisher.publish_many(self.events(self.batch)))

        def run(publisher: Publisher) -> list[Receipt]:
            threads = [threading.Thread(target=work, args=(publisher,)) for _ in range(self._threads)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return receipts

        with self._publisher() as publisher:
            return self._timed(lambda: run(publisher))

    def submit(self) -> float:
        """A future for each event."""
        with self._publisher() as publisher:

            def run() -> list[Receipt]:
                futures = [publisher.submit(self.event()) for _ in range(self.count)]
                return [future.result() for future in futures]

            return self._timed(run)

    def asyncio(self) -> float:
        """As stream, by the asyncio publisher."""

        async def run() -> float:
            async with AsyncPublisher(self._address, self._key, options=self._options) as publisher:
                await publisher.connect()
                began = time.perf_counter()
                receipts = await publisher.publish_many(self.events(self.count))
                return self._rate(receipts, began)

        return asyncio.run(run())

    def _publisher(self) -> Publisher:
        publisher = Publisher(self._address, self._key, options=self._options)
        publisher.connect()
        return publisher

    def _timed(self, run: Callable[[], list[Receipt]]) -> float:
        began = time.perf_counter()
        return self._rate(run(), began)

    def _rate(self, receipts: list[Receipt], began: float) -> float:
        seconds = time.perf_counter() - began
        lost = sum(not receipt.stored for receipt in receipts)
        if lost:
            raise SystemExit(f"{lost} of {len(receipts)} events were not stored; the first: {receipts[0].status.name}")
        return len(receipts) / seconds


MODES: dict[str, Callable[[_Run], float]] = {
    "stream": _Run.stream,
    "calls": _Run.calls,
    "submit": _Run.submit,
    "asyncio": _Run.asyncio,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m needletail.bench", description=__doc__)
    parser.add_argument("address", help="host:port, or unix:/path")
    parser.add_argument("--key", required=True, help="API key")
    parser.add_argument("--tenant", default="acme")
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--batch", type=int, default=100, help="events per frame")
    parser.add_argument("--payload", type=int, default=512, help="bytes")
    parser.add_argument("--threads", type=int, default=4, help="threads in mode calls")
    parser.add_argument("--mode", choices=MODES, action="append", help="all by default")
    parser.add_argument("--checksum", choices=checksum.BACKENDS, action="append", help="all installed ones by default")
    arguments = parser.parse_args()
    backends = arguments.checksum or [name for name in checksum.BACKENDS if checksum.load(name)]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", end="; ")
    print(f"one connection, frames of {arguments.batch} events of {arguments.payload} B")
    for backend in backends:
        checksum.use(backend)
        for mode in arguments.mode or MODES:
            print(f"{backend:14}{mode:8}{MODES[mode](_Run(arguments)):10,.0f} events/s", flush=True)


if __name__ == "__main__":
    main()
