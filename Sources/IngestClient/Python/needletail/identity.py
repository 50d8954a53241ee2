"""Event ids: the identity of an event from producer to receiver (clause 6.2)."""

from __future__ import annotations

import hashlib
import os
import threading
import time
import uuid

from .errors import InvalidEvent

_lock = threading.Lock()
_latest = 0


def uuid7() -> uuid.UUID:
    """A new UUID of version 7 (RFC 9562, section 5.7): Unix milliseconds, then random bits. Each is greater than the one before
    in this process, also across threads: the 12 bits after the time count up and overflow into the time (method 1 of 6.2).
    """
    global _latest
    chance = int.from_bytes(os.urandom(10), "big")
    # 48 bits of time and 12 bits of counter, which starts in its lower half.
    ticks = (time.time_ns() // 1_000_000) << 12 | (chance >> 64) & 0x7FF
    with _lock:
        if ticks <= _latest:
            ticks = _latest + 1
        _latest = ticks
    high = (ticks >> 12) << 16 | 0x7000 | ticks & 0xFFF
    low = 0x8000_0000_0000_0000 | chance & 0x3FFF_FFFF_FFFF_FFFF
    return uuid.UUID(int=high << 64 | low)


def event_id_from_key(tenant: str, key: str) -> uuid.UUID:
    """The id for a natural key of the producer: the first 16 bytes of SHA-256(tenant, 0x00, key).

    The same key gives the same id in every process and every client, so a repeated publish is a DUPLICATE.

    :raises InvalidEvent: the key is not Unicode text.
    """
    try:
        digest = hashlib.sha256(tenant.encode() + b"\0" + key.encode()).digest()
    except UnicodeEncodeError:
        raise InvalidEvent(f"id: the key {key!r} of tenant {tenant!r} contains half a surrogate pair; expected Unicode text") from None
    return uuid.UUID(bytes=digest[:16])


def webhook_id(event_id: uuid.UUID) -> str:
    """The ``webhook-id`` header that the receivers of an event see."""
    return f"evt_{event_id.hex}"
