"""Frames and their bodies, to bytes and back (sections 2 to 5). Uses no socket."""

from __future__ import annotations

import struct
from typing import Iterator, NamedTuple, Sequence

from . import checksum
from .errors import ProtocolBroken
from .status import Status

PREFACE = bytes.fromhex("894e544c0d0a1a01")

HELLO = 0x01
WELCOME = 0x02
PUBLISH = 0x10
ACK = 0x11
PING = 0x20
PONG = 0x21
GOAWAY = 0x30
CLOSE = 0x31
KNOWN = frozenset((HELLO, WELCOME, PUBLISH, ACK, PING, PONG, GOAWAY, CLOSE))
#: Unknown types from here on are skipped (3.6).
FIRST_SKIPPABLE = 0x80

_HEAD = struct.Struct(">IBBHQI")
_HEADER = struct.Struct(">IBBHQII")
_U32 = struct.Struct(">I")
_WELCOME = struct.Struct(">HIIIIIQIIB")
_ACK = struct.Struct(">QIB")
_ANSWER = struct.Struct(">HHI")
_PING = struct.Struct(">8sq")
_PONG = struct.Struct(">8sqqq")
_GOAWAY = struct.Struct(">II")
HEADER_BYTES = _HEADER.size
#: What the count of a PUBLISH adds to its records.
PUBLISH_OVERHEAD = _U32.size
#: Durability of an ACK in WELCOME: fdatasync before it.
SYNCED = 2


class Frame(NamedTuple):
    """A frame whose header and body checksums are right."""

    type: int
    request_id: int
    body: bytes


class Welcome(NamedTuple):
    """What the server announces (5.2)."""

    minor_version: int
    features: int
    #: Longest frame body, longest payload, in bytes; most events of a PUBLISH.
    frame_bytes: int
    event_bytes: int
    events_per_frame: int
    window_events: int
    window_bytes: int
    idle_timeout_ms: int
    dedup_window_s: int
    #: 2: fdatasync before an ACK; 1: written, not synced; 0: none.
    durability: int
    server_id: str
    server_version: str


class Ack(NamedTuple):
    """The answer to a PUBLISH (5.4). ``answers`` are (status, retry-after in ms): none in form 0, one in form 2."""

    commit: int
    event_count: int
    form: int
    answers: Sequence[tuple[int, int]]


class Ping(NamedTuple):
    opaque: bytes
    #: Unix nanoseconds.
    sent_at: int


class Pong(NamedTuple):
    opaque: bytes
    sent_at: int
    received_at: int
    answered_at: int


class GoAway(NamedTuple):
    grace_ms: int
    spread_ms: int
    reason: str


class Close(NamedTuple):
    status: Status
    text: str


# To bytes


def encode_frame(type: int, body: bytes, request_id: int = 0) -> bytes:
    """A whole frame."""
    crc32c = checksum.crc32c
    head = _HEAD.pack(len(body), type, 0, 0, request_id, crc32c(body) if body else 0)
    return b"".join((head, _U32.pack(crc32c(head)), body))


def encode_hello(api_key: str, client_name: str) -> bytes:
    return struct.pack(">HI", 0, 0) + _text(api_key) + _text(client_name)


def encode_publish(records: Sequence[bytes]) -> bytes:
    """The body of a PUBLISH; each record is preceded by its length."""
    return b"".join((_U32.pack(len(records)), *records))


def encode_ping(ping: Ping) -> bytes:
    return _PING.pack(*ping)


def encode_pong(pong: Pong) -> bytes:
    return _PONG.pack(*pong)


def encode_close(close: Close) -> bytes:
    return struct.pack(">H", close.status) + _text(close.text)


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">H", len(encoded)) + encoded


# From bytes


class FrameReader:
    """Splits a stream of bytes into frames, whatever pieces it comes in."""

    def __init__(self, body_limit: int):
        #: A longer body is a ProtocolBroken before any of its bytes are awaited.
        self.body_limit = body_limit
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yields the frames that the data completes, without skippable types.

        :raises ProtocolBroken: after the whole frames before the damage were yielded.
        """
        self._buffer += data
        buffer = self._buffer
        position = 0
        try:
            while len(buffer) - position >= HEADER_BYTES:
                length, type, request_id, body_sum = self._header(bytes(buffer[position : position + HEADER_BYTES]))
                end = position + HEADER_BYTES + length
                if len(buffer) < end:
                    break
                body = bytes(buffer[position + HEADER_BYTES : end])
                position = end
                if (checksum.crc32c(body) if body else 0) != body_sum:
                    raise ProtocolBroken("a frame's body has a wrong checksum")
                if type in KNOWN:
                    yield Frame(type, request_id, body)
        finally:
            del buffer[:position]

    def _header(self, header: bytes) -> tuple[int, int, int, int]:
        length, type, flags, reserved, request_id, body_sum, header_sum = _HEADER.unpack(header)
        if checksum.crc32c(header[:20]) != header_sum:
            raise ProtocolBroken("a frame's header has a wrong checksum")
        if flags or reserved:
            raise ProtocolBroken("flags or reserved bits are set in a frame's header")
        if type not in KNOWN and type < FIRST_SKIPPABLE:
            raise ProtocolBroken(f"unknown frame type 0x{type:02x}")
        if length > self.body_limit:
            raise ProtocolBroken(f"a frame of {length} bytes; the limit is {self.body_limit}")
        return length, type, request_id, body_sum


def decode_welcome(body: bytes) -> Welcome:
    reader = _BodyReader("WELCOME", body)
    minor, features, frame, event, per_frame, window, window_bytes, idle, dedup, durability = reader.fields(_WELCOME)
    server_id, version = reader.text(), reader.text()
    # Trailing bytes are allowed: a later minor version appended them (3.7).
    return Welcome(
        minor, features, frame, event, per_frame, window, window_bytes, idle, dedup, durability, server_id, version
    )


def decode_ack(body: bytes) -> Ack:
    reader = _BodyReader("ACK", body)
    commit, count, form = reader.fields(_ACK)
    expected = {0: 0, 1: count, 2: 1}.get(form)
    rest = reader.rest()
    if expected is None or len(rest) != expected * _ANSWER.size:
        raise ProtocolBroken(f"an ACK of form {form} for {count} events with {len(rest)} bytes of answers")
    answers = []
    for status, reserved, retry_after in _ANSWER.iter_unpack(rest):
        if reserved:
            raise ProtocolBroken("reserved bits are set in an ACK")
        answers.append((status, retry_after))
    return Ack(commit, count, form, answers)


def decode_ping(body: bytes) -> Ping:
    reader = _BodyReader("PING", body)
    return Ping(*reader.ended(reader.fields(_PING)))


def decode_pong(body: bytes) -> Pong:
    reader = _BodyReader("PONG", body)
    return Pong(*reader.ended(reader.fields(_PONG)))


def decode_goaway(body: bytes) -> GoAway:
    reader = _BodyReader("GOAWAY", body)
    grace, spread = reader.fields(_GOAWAY)
    return GoAway(*reader.ended((grace, spread, reader.text())))


def decode_close(body: bytes) -> Close:
    reader = _BodyReader("CLOSE", body)
    (status,) = reader.fields(struct.Struct(">H"))
    return Close(*reader.ended((Status(status), reader.text())))


class _BodyReader:
    def __init__(self, name: str, body: bytes):
        self._name = name
        self._body = body
        self._position = 0

    def fields(self, form: struct.Struct) -> tuple[int, ...]:
        return form.unpack(self._take(form.size))

    def text(self) -> str:
        (size,) = struct.unpack(">H", self._take(2))
        try:
            return self._take(size).decode()
        except UnicodeDecodeError:
            raise ProtocolBroken(f"a text in {self._name} is not UTF-8") from None

    def rest(self) -> bytes:
        return self._take(len(self._body) - self._position)

    def ended(self, fields: tuple) -> tuple:  # type: ignore[type-arg]
        """The fields, if no bytes follow them (3.7)."""
        if self._position != len(self._body):
            raise ProtocolBroken(f"{len(self._body) - self._position} bytes follow the last field of {self._name}")
        return fields

    def _take(self, size: int) -> bytes:
        end = self._position + size
        if end > len(self._body):
            raise ProtocolBroken(f"{self._name} ends early")
        taken = self._body[self._position : end]
        self._position = end
        return taken
