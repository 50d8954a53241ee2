"""The event, and its record on the wire (section 6)."""

from __future__ import annotations

import collections.abc
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
from .misfits import misfit

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
        try:
            _check_names(self.tenant, self.type)
        except TypeError:
            # The cache needs values that can be compared; these cannot even be text.
            field, name = ("type", self.type) if isinstance(self.tenant, str) else ("tenant", self.tenant)
            raise InvalidEvent(f"{field}: {name!r} is {_kind(name)}, expected a str") from None
        if not isinstance(self.id, uuid.UUID):
            raise InvalidEvent(f"id: {self.id!r} is {_kind(self.id)}, expected a uuid.UUID; uuid.UUID(text) makes one")
        if not self.id.int:
            raise InvalidEvent("id: the zero UUID is not allowed")
        if self.content_type != "":
            _check_text("content_type", self.content_type)
            _check_content_type(self.content_type)
        if self.correlation_id != "":
            _check_size("correlation_id", self.correlation_id, _SHORT_TEXT_BYTES)
        if self.ordering_key != "":
            _check_size("ordering_key", self.ordering_key, _SHORT_TEXT_BYTES)
        if self.attributes != {}:
            _check_attributes(self.attributes)
        if not isinstance(self.payload, bytes):
            raise InvalidEvent(f"payload: expected bytes, not {type(self.payload).__name__}; Event.json takes a value")
        if type(self.occurred_at) is not int or self.occurred_at:
            _milliseconds("occurred_at", self.occurred_at)
        if type(self.deliver_at) is not int or self.deliver_at:
            _milliseconds("deliver_at", self.deliver_at)

    @classmethod
    def json(cls, tenant: str, type: str, value: Any, **fields: Any) -> Event:
        """An event whose payload is the value as compact JSON in UTF-8.

        :raises InvalidEvent: JSON has no form for the value: NaN and the infinities (RFC 8259 section 6), half a surrogate
            pair, which UTF-8 cannot express, an object of another type, a value that contains itself. The message names the
            place in the value. Or one of the rules is broken.
        """
        try:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            payload = text.encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidEvent(misfit(value) or f"payload: {error}") from error
        return cls(tenant, type, payload, **fields)


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


def _check_text(field: str, text: object) -> None:
    if not isinstance(text, str):
        raise InvalidEvent(f"{field}: {text!r} is {_kind(text)}, expected a str")


def _kind(value: object) -> str:
    return f"of type {type(value).__name__}"


@functools.lru_cache(maxsize=4096)
def _check_names(tenant: str, type: str) -> None:
    for field, name, most in (("tenant", tenant, 64), ("type", type, 128)):
        _check_text(field, name)
        if not _NAME.fullmatch(name) or len(name) > most:
            raise InvalidEvent(f"{field}: {name!r} is not 1 to {most} of [A-Za-z0-9_.-]")


@functools.lru_cache(maxsize=256)
def _check_content_type(content_type: str) -> None:
    if not _CONTENT_TYPE.fullmatch(content_type) or len(content_type) > _SHORT_TEXT_BYTES:
        raise InvalidEvent(f"content_type: {content_type!r} is not at most {_SHORT_TEXT_BYTES} of visible ASCII and spaces")


def _check_size(field: str, text: str, most: int) -> None:
    _check_text(field, text)
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise InvalidEvent(f"{field}: {text!r} contains half a surrogate pair; expected Unicode text") from None
    if size > most:
        raise InvalidEvent(f"{field}: {size} bytes, expected at most {most}")


def _check_attributes(attributes: Mapping[str, str]) -> None:
    if not isinstance(attributes, collections.abc.Mapping):
        raise InvalidEvent(f"attributes: {attributes!r} is {_kind(attributes)}, expected a dict")
    if len(attributes) > _MOST_ATTRIBUTES:
        raise InvalidEvent(f"attributes: {len(attributes)}, expected at most {_MOST_ATTRIBUTES}")
    for name, value in attributes.items():
        _check_size(f"attribute {name!r}", name, _ATTRIBUTE_BYTES)
        _check_size(f"attribute {name!r}", value, _ATTRIBUTE_BYTES)


def _milliseconds(field: str, time: Time) -> int:
    if isinstance(time, int) and not isinstance(time, bool):
        if not -(1 << 63) <= time < 1 << 63:
            raise InvalidEvent(f"{field}: {time} is not Unix milliseconds")
        return time
    if not isinstance(time, datetime.datetime):
        raise InvalidEvent(
            f"{field}: {time!r} is {_kind(time)}, expected Unix milliseconds as an int, or a datetime with a time zone; of"
            " time.time() they are int(time.time() * 1000)"
        )
    if time.utcoffset() is None:
        raise InvalidEvent(f"{field}: {time} has no time zone")
    return round(time.timestamp() * 1000)
