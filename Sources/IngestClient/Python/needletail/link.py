"""One connection: greeting, window, answers, keep-alive. Bytes in, bytes out; no socket, no clock."""

from __future__ import annotations

import enum
import math
import time
from typing import Iterator, Optional

from . import frames
from .errors import (
    AuthenticationFailed,
    ClosedByServer,
    ConnectionFailed,
    ConnectionTimeout,
    NotNeedletail,
    ProtocolBroken,
)
from .pending import Pending
from .settings import Address, Settings
from .status import Status

#: Bytes of a body that every server may send.
_SHORT_BODY = 64 * 1024
#: PINGs that the server may send within a second. More would fill memory with answers (section 9 allows a client this).
_MOST_PINGS = 100


class State(enum.IntEnum):
    DIALING = 0
    AWAITING_PREFACE = 1
    AWAITING_WELCOME = 2
    OPEN = 3
    ENDED = 4


class Flight:
    """A PUBLISH without its ACK."""

    __slots__ = ("entries", "body_bytes")

    def __init__(self, entries: list[Pending], body_bytes: int):
        self.entries = entries
        self.body_bytes = body_bytes


class Link:
    """The client's side of one connection.

    The driver moves bytes: ``receive`` takes what came, ``output`` holds what must be sent. Times are monotonic seconds.
    """

    def __init__(self, address: Address, settings: Settings, now: float):
        self.address = address
        self.state = State.DIALING
        self.welcome: Optional[frames.Welcome] = None
        #: PUBLISH frames without an answer, by request id, in the order sent.
        self.flights: dict[int, Flight] = {}
        self.events_in_flight = 0
        self.bytes_in_flight = 0
        self.output: list[bytes] = []
        #: Set by the driver while the socket accepts no more.
        self.is_blocked = False
        #: The server sent GOAWAY, or answered DRAINING: nothing new is published here.
        self.is_leaving = False
        self.leave_by = math.inf
        #: After GOAWAY: how long the next connection may wait, in seconds; None before.
        self.spread: Optional[float] = None
        self._settings = settings
        self._reader = frames.FrameReader(_SHORT_BODY)
        self._greeting = b""
        self._next_request = 1
        self._heard_at = now
        self._sent_at = now
        self._pinged_at: Optional[float] = None
        self._waiting_since: Optional[float] = None
        self._pings_since = now
        self._pings = 0
        self._welcome_by = math.inf
        self._keep_alive = settings.options.keep_alive

    # Sending

    def start(self, now: float) -> None:
        """The connection is established: sends HELLO."""
        hello = frames.encode_hello(self._settings.api_key, self._settings.client_name)
        self.output.append(frames.PREFACE + frames.encode_frame(frames.HELLO, hello, self._request()))
        self.state = State.AWAITING_PREFACE
        self._heard_at = self._sent_at = now
        self._welcome_by = now + self._settings.options.welcome_timeout

    def free_window(self) -> tuple[int, int]:
        """How many events, and bytes of a frame's body, the next PUBLISH may have (5.2, 8.4)."""
        welcome = self.welcome
        if welcome is None:
            return 0, 0
        events = min(self._window_events(welcome) - self.events_in_flight, welcome.events_per_frame)
        return events, min(welcome.window_bytes - self.bytes_in_flight, welcome.frame_bytes)

    def _window_events(self, welcome: frames.Welcome) -> int:
        wanted = self._settings.options.window_events
        return welcome.window_events if wanted is None else min(wanted, welcome.window_events)

    @property
    def largest_record(self) -> int:
        """Bytes of the largest event that a separate frame can carry here."""
        welcome = self.welcome
        return min(welcome.frame_bytes, welcome.window_bytes) - frames.PUBLISH_OVERHEAD if welcome else 0

    def publish(self, entries: list[Pending], now: float) -> int:
        """Sends a frame; the caller has checked ``free_window``. Returns the bytes of its body."""
        body = frames.encode_publish([entry.record for entry in entries])
        request = self._request()
        self.output.append(frames.encode_frame(frames.PUBLISH, body, request))
        if not self.flights:
            self._waiting_since = now
        self._sent_at = now
        self.flights[request] = Flight(entries, len(body))
        self.events_in_flight += len(entries)
        self.bytes_in_flight += len(body)
        return len(body)

    def say_goodbye(self) -> None:
        """The last frame of a connection that is closed without an error."""
        if self.state == State.OPEN:
            self.output.append(frames.encode_frame(frames.CLOSE, frames.encode_close(frames.Close(Status.ACCEPTED, "done"))))

    def _request(self) -> int:
        request = self._next_request
        self._next_request += 1
        return request

    # Receiving

    def receive(self, data: bytes, now: float) -> Iterator[tuple[Flight, frames.Ack]]:
        """Yields the frames that the data answers.

        :raises ConnectionFailed: the connection is over; what was yielded before is valid.
        """
        self._heard_at = now
        self._pinged_at = None
        if self.flights:
            self._waiting_since = now
        if self.state == State.AWAITING_PREFACE:
            data = self._preface(data)
        for frame in self._reader.feed(data):
            if frame.type == frames.ACK and self.state == State.OPEN:
                yield self._land(frame)
            else:
                self._control(frame, now)

    def _preface(self, data: bytes) -> bytes:
        """Removes the preface from the front."""
        self._greeting += data
        size = len(frames.PREFACE)
        start = self._greeting[:size]
        if start == frames.PREFACE:
            self.state = State.AWAITING_WELCOME
            return self._greeting[size:]
        if start[: size - 1] != frames.PREFACE[: len(start)][: size - 1]:
            raise NotNeedletail(self.address)
        if len(start) == size:
            raise ClosedByServer(Status.UNSUPPORTED_VERSION, f"it speaks version {start[-1]} of the protocol, not 1")
        return b""

    def _land(self, frame: frames.Frame) -> tuple[Flight, frames.Ack]:
        ack = frames.decode_ack(frame.body)
        flight = self.flights.get(frame.request_id)
        if flight is None:
            raise ProtocolBroken(f"an ACK for request {frame.request_id}, which is not waiting for one")
        # Count 0 with form 2: the server could not read the frame (5.4.3).
        if ack.event_count != len(flight.entries) and (ack.event_count, ack.form) != (0, 2):
            raise ProtocolBroken(f"an ACK for {ack.event_count} events of {len(flight.entries)}")
        del self.flights[frame.request_id]
        self.events_in_flight -= len(flight.entries)
        self.bytes_in_flight -= flight.body_bytes
        return flight, ack

    def _control(self, frame: frames.Frame, now: float) -> None:
        if frame.type == frames.CLOSE:
            raise self._closed(frames.decode_close(frame.body))
        if frame.type == frames.WELCOME and self.state == State.AWAITING_WELCOME:
            self._open(frames.decode_welcome(frame.body))
        elif frame.type == frames.GOAWAY and self.state == State.OPEN:
            self._go_away(frames.decode_goaway(frame.body), now)
        elif frame.type == frames.PING and self.state == State.OPEN:
            self._answer_ping(frame, now)
            self._sent_at = now
        elif frame.type == frames.PONG and self.state == State.OPEN:
            frames.decode_pong(frame.body)
        else:
            raise ProtocolBroken(f"an unexpected frame of type 0x{frame.type:02x}")

    def _closed(self, close: frames.Close) -> ConnectionFailed:
        kind = AuthenticationFailed if close.status == Status.AUTH_FAILED else ClosedByServer
        return kind(close.status, close.text)

    def _open(self, welcome: frames.Welcome) -> None:
        limits = (welcome.frame_bytes, welcome.events_per_frame, welcome.window_events, welcome.window_bytes)
        if min(limits) < 1:
            raise ProtocolBroken("a limit of 0 in WELCOME")
        self.welcome = welcome
        self.state = State.OPEN
        self._welcome_by = math.inf
        self._keep_alive = min(self._keep_alive, max(welcome.idle_timeout_ms / 3000, 0.02))
        # An ACK with one answer for each event of our largest frame.
        largest = min(welcome.events_per_frame, self._settings.options.batch_events)
        self._reader.body_limit = max(_SHORT_BODY, 16 + 8 * largest)

    def _go_away(self, message: frames.GoAway, now: float) -> None:
        self.is_leaving = True
        self.spread = message.spread_ms / 1000
        # One second for the last answers.
        self.leave_by = min(self.leave_by, now + message.grace_ms / 1000 + 1)

    def _answer_ping(self, frame: frames.Frame, now: float) -> None:
        ping = frames.decode_ping(frame.body)
        if now >= self._pings_since + 1:
            self._pings_since, self._pings = now, 0
        self._pings += 1
        if self._pings > _MOST_PINGS:
            raise ProtocolBroken(f"more than {_MOST_PINGS} PINGs in a second")
        received = time.time_ns()
        pong = frames.Pong(ping.opaque, ping.sent_at, received, time.time_ns())
        self.output.append(frames.encode_frame(frames.PONG, frames.encode_pong(pong), frame.request_id))

    # Time

    def tick(self, now: float) -> None:
        """Sends a PING when it is due.

        :raises ConnectionFailed: the server was silent for too long.
        """
        if now >= self._welcome_by:
            limit = self._settings.options.welcome_timeout
            raise ConnectionTimeout(f"no WELCOME from {self.address} within {limit:g} s")
        if now >= self._silent_by():
            limit = self._settings.options.answer_timeout
            raise ConnectionTimeout(f"no answer from {self.address} within {limit:g} s")
        if self.state == State.OPEN and now >= self._ping_at():
            body = frames.encode_ping(frames.Ping(bytes(8), time.time_ns()))
            self.output.append(frames.encode_frame(frames.PING, body, self._request()))
            self._pinged_at = self._sent_at = now

    def next_due(self) -> float:
        """When ``tick`` must be called."""
        if self.state == State.OPEN:
            return min(self._silent_by(), self._ping_at(), self.leave_by)
        return self._welcome_by

    def _ping_at(self) -> float:
        return math.inf if self._pinged_at is not None else min(self._heard_at, self._sent_at) + self._keep_alive

    def _silent_by(self) -> float:
        """When the connection is abandoned: the answer to a PING or a PUBLISH has not come."""
        asked = [since for since in (self._pinged_at, self._waiting_since if self.flights else None) if since is not None]
        return min(asked) + self._settings.options.answer_timeout if asked else math.inf
