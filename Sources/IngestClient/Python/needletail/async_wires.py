"""The transports of the asyncio publisher."""

from __future__ import annotations

import asyncio
import time
from typing import Callable, Optional

from .connecting import connect_failure, end_of
from .engine import Engine
from .errors import ConnectionFailed
from .link import Link, State
from .settings import Settings

#: How long a connection that is closed may take to send its last bytes, in seconds.
_FAREWELL = 1.0


class _Wire(asyncio.Protocol):
    """One connection's transport."""

    def __init__(self, wires: AsyncWires, link: Link, is_over: asyncio.Future[None]):
        self._wires = wires
        self._link = link
        self.is_over = is_over
        self.transport: Optional[asyncio.Transport] = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._wires.connected(self._link, self)

    def data_received(self, data: bytes) -> None:
        self._wires.received(self._link, data)

    def connection_lost(self, exc: Optional[Exception]) -> None:
        self._wires.ended(self._link, end_of(self._link.address, exc))
        if not self.is_over.done():
            self.is_over.set_result(None)

    def pause_writing(self) -> None:
        self._link.is_blocked = True

    def resume_writing(self) -> None:
        self._link.is_blocked = False
        self._wires.schedule()


class AsyncWires:
    """Performs the engine's actions on an event loop.

    :param schedule: makes the engine take its turn soon.
    """

    def __init__(self, settings: Settings, schedule: Callable[[], None]):
        self.engine: Engine
        self.loop: asyncio.AbstractEventLoop
        self.schedule = schedule
        self._settings = settings
        self._wires: dict[Link, _Wire] = {}
        self._dials: dict[Link, asyncio.Task[None]] = {}
        self._closing: set[_Wire] = set()

    # Called by the engine

    def dial(self, link: Link) -> None:
        self._dials[link] = self.loop.create_task(self._dial(link))

    def flush(self, link: Link) -> None:
        wire = self._wires.get(link)
        if wire is not None and wire.transport is not None and link.output:
            data = b"".join(link.output)
            link.output.clear()
            wire.transport.write(data)

    def hang_up(self, link: Link) -> None:
        dial = self._dials.pop(link, None)
        if dial is not None:
            dial.cancel()
        self.flush(link)
        wire = self._wires.pop(link, None)
        if wire is not None and wire.transport is not None:
            wire.transport.close()
            self._closing.add(wire)
            wire.is_over.add_done_callback(lambda _: self._closing.discard(wire))

    async def all_closed(self) -> None:
        """Waits until the closed connections have sent their last bytes; aborts those that cannot."""
        if self._closing:
            await asyncio.wait([wire.is_over for wire in self._closing], timeout=_FAREWELL)
        for wire in list(self._closing):
            assert wire.transport is not None
            wire.transport.abort()

    # Connecting

    async def _dial(self, link: Link) -> None:
        address, timeout = link.address, self._settings.options.connect_timeout
        wire = _Wire(self, link, self.loop.create_future())
        try:
            if address.path:
                await asyncio.wait_for(self.loop.create_unix_connection(lambda: wire, address.path), timeout)
            else:
                tcp = self.loop.create_connection(
                    lambda: wire, address.host, address.port, ssl=self._settings.ssl_context
                )
                await asyncio.wait_for(tcp, timeout)
            self._dials.pop(link, None)
        except asyncio.TimeoutError:
            self._failed(link, connect_failure(address, TimeoutError(), timeout))
        except Exception as error:  # For example an invalid name: the engine must be told too.
            self._failed(link, connect_failure(address, error, timeout))

    def _failed(self, link: Link, error: ConnectionFailed) -> None:
        # Removed from the list first, because closing it would cancel this very task.
        self._dials.pop(link, None)
        self.ended(link, error)

    # Called by the wires

    def connected(self, link: Link, wire: _Wire) -> None:
        assert wire.transport is not None
        if link.state == State.ENDED:
            wire.transport.abort()
            return
        self._dials.pop(link, None)
        self._wires[link] = wire
        self.engine.dialed(link, time.monotonic())
        self.schedule()

    def received(self, link: Link, data: bytes) -> None:
        if link.state != State.ENDED:
            self.engine.received(link, data, time.monotonic())
            self.schedule()

    def ended(self, link: Link, error: ConnectionFailed) -> None:
        self.engine.ended(link, error, time.monotonic())
        self.schedule()
