"""The event, and its record on the wire (section 6)."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import json
import re
import struct
import uuid
from typing import Any, Mapping, Union

from .errors import InvalidEvent
from .identity import uuid7

#: A time on the wire is Unix milliseconds. A ``datetime`` must know its time zone.
Time = Union[int, datetime.datetime]

_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_CONTENT_TYPE = re.compile(r"[ -~]*")
_FIXED = struct.Struct(">I16sqq")
_COUNT = struct.Struct(">H")
_LENGTH = struct.Struct(">I")
_MOST_ATTRIBUTES = 16
_ATTRIBUTE_BYTES = 256
_SHORT_TEXT_BYTES = 128
_LONGEST_RECORD = 0xFFFF_FFFF


@dataclasses.dataclass(frozen=True)
class Event:
    """What a producer publishes. Immutable. Publishing the same event twice is safe, because it keeps its id.

    The rules of section 6 are checked here, except those that only the server can check: the longest payload, and times that
    are out of range.

    :raises InvalidEvent: one of the rules is broken.
    """

    #: 1 to 64 of ``[A-Za-z0-9_.-]``.
    tenant: str
    #: 1 to 128 of ``[A-Za-z0-9_.-]``, dotted: ``task.completed``.
    type: str
    #: Opaque bytes; JSON unless ``content_type`` says otherwise. See ``Event.json``.
    payload: bytes = b""
    #: The identity. A new UUIDv7 by default; ``event_id_from_key`` if the producer has a key of its own.
    id: uuid.UUID = dataclasses.field(default_factory=uuid7)
    #: 0: when the server received it.
    occurred_at: Time = 0
    #: 0: at once. At most 30 days ahead.
    deliver_at: Time = 0
    #: At most 128 bytes.
    correlation_id: str = ""
    #: At most 128 bytes. Deliveries with the same key keep their order; empty: no order requested.
    ordering_key: str = ""
    #: At most 128 characters of visible ASCII; empty: ``application/json``.
    content_type: str = ""
    #: At most 16, of at most 256 bytes each.
    attributes: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        _check_names(self.tenant, self.type)
        if not self.id.int:
            raise InvalidEvent("id: the zero UUID is not allowed")
        if self.content_type:
            _check_content_type(self.content_type)
        if self.correlation_id:
            _check_size("correlation_id", self.correlation_id, _SHORT_TEXT_BYTES)
        if self.ordering_key:
            _check_size("ordering_key", self.ordering_key, _SHORT_TEXT_BYTES)
        if self.attributes:
            _check_attributes(self.attributes)
        if not isinstance(self.payload, bytes):
            raise InvalidEvent(f"payload: expected bytes, not {type(self.payload).__name__}; Event.json takes a value")
        if self.occurred_at:
            _milliseconds("occurred_at", self.occurred_at)
        if self.deliver_at:
            _milliseconds("deliver_at", self.deliver_at)

    @classmethod
    def json(cls, tenant: str, type: str, value: Any, **fields: Any) -> Event:
        """An event whose payload is the value as compact JSON in UTF-8."""
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return cls(tenant, type, text.encode(), **fields)


def encode_record(event: Event) -> bytes:
    """The event record, preceded by its length."""
    payload = event.payload
    parts = [
        b"",
        _name(event.tenant),
        _name(event.type),
        _text(event.correlation_id),
        _text(event.ordering_key),
        _name(event.content_type),
        _attributes(event.attributes),
        _LENGTH.pack(len(payload)),
        payload,
    ]
    length = _FIXED.size - 4 + sum(map(len, parts))
    if length > _LONGEST_RECORD:
        raise InvalidEvent(f"payload: {len(payload)} bytes are more than a record can contain")
    occurred, deliver = event.occurred_at, event.deliver_at
    parts[0] = _FIXED.pack(
        length,
        event.id.bytes,
        _milliseconds("occurred_at", occurred) if occurred else 0,
        _milliseconds("deliver_at", deliver) if deliver else 0,
    )
    return b"".join(parts)


def _text(text: str) -> bytes:
    if not text:
        return b"\0\0"
    encoded = text.encode()
    return _COUNT.pack(len(encoded)) + encoded


#: Names repeat from event to event.
_name = functools.lru_cache(maxsize=4096)(_text)


def _attributes(attributes: Mapping[str, str]) -> bytes:
    if not attributes:
        return b"\0\0"
    pairs = [_text(name) + _text(value) for name, value in attributes.items()]
    return _COUNT.pack(len(pairs)) + b"".join(pairs)


@functools.lru_cache(maxsize=4096)
def _check_names(tenant: str, type: str) -> None:
    for field, name, most in (("tenant", tenant, 64), ("type", type, 128)):
        if not _NAME.fullmatch(name) or len(name) > most:
            raise InvalidEvent(f"{field}: {name!r} is not 1 to {most} of [A-Za-z0-9_.-]")


@functools.lru_cache(maxsize=256)
def _check_content_type(content_type: str) -> None:
    if not _CONTENT_TYPE.fullmatch(content_type) or len(content_type) > _SHORT_TEXT_BYTES:
        raise InvalidEvent(f"content_type: {content_type!r} is not at most {_SHORT_TEXT_BYTES} of visible ASCII and spaces")


def _check_size(field: str, text: str, most: int) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise InvalidEvent(f"{field}: {text!r} is not Unicode text") from None
    if size > most:
        raise InvalidEvent(f"{field}: {size} bytes, expected at most {most}")


def _check_attributes(attributes: Mapping[str, str]) -> None:
    if len(attributes) > _MOST_ATTRIBUTES:
        raise InvalidEvent(f"attributes: {len(attributes)}, expected at most {_MOST_ATTRIBUTES}")
    for name, value in attributes.items():
        _check_size(f"attribute {name!r}", name, _ATTRIBUTE_BYTES)
        _check_size(f"attribute {name!r}", value, _ATTRIBUTE_BYTES)


def _milliseconds(field: str, time: Time) -> int:
    if isinstance(time, int):
        if not -(1 << 63) <= time < 1 << 63:
            raise InvalidEvent(f"{field}: {time} is not Unix milliseconds")
        return time
    if time.tzinfo is None:
        raise InvalidEvent(f"{field}: {time} has no time zone")
    return round(time.timestamp() * 1000)
