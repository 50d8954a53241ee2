"""Status codes of the ingest protocol (Protocol.md, section 7).

A test holds this table equal to the one in ``WireProtocol.docc/Protocol.md``.
"""

from __future__ import annotations

import enum
from typing import Optional


class StatusClass(enum.IntEnum):
    """The high byte of a status: what a client does about it."""

    STORED = 0x00
    #: Not stored; send again here, not before retry-after.
    SEND_AGAIN = 0x01
    #: Not stored; send again on another connection.
    SEND_ELSEWHERE = 0x02
    #: Permanently refused.
    REFUSED = 0x03
    #: The connection closes.
    CLOSES = 0x04


class Status(enum.IntEnum):
    """What happened to an event, or why a connection closes.

    ``Status(code)`` accepts every number. An unknown code is named ``UNKNOWN_XXXX`` and still has its class.
    """

    ACCEPTED = 0x0000
    DUPLICATE = 0x0001
    ACCEPTED_NO_MATCH = 0x0002

    THROTTLED = 0x0100
    BUSY = 0x0101
    CORRUPT = 0x0102
    STORAGE_FULL = 0x0103

    DRAINING = 0x0200

    MALFORMED = 0x0300
    TOO_LARGE = 0x0301
    UNKNOWN_TENANT = 0x0302
    TENANT_DISABLED = 0x0303
    FORBIDDEN = 0x0304
    UNKNOWN_EVENT_TYPE = 0x0305
    CONFLICT = 0x0306
    BAD_TIME = 0x0307

    PROTOCOL_ERROR = 0x0400
    UNSUPPORTED_VERSION = 0x0401
    AUTH_FAILED = 0x0402
    TIMEOUT = 0x0403
    FRAME_TOO_LARGE = 0x0404
    HEADER_CORRUPT = 0x0405
    WINDOW_EXCEEDED = 0x0406
    TOO_MANY_CONNECTIONS = 0x0407
    TLS_REQUIRED = 0x0408
    INTERNAL = 0x0409
    TOO_MANY_CONTROL_FRAMES = 0x040A

    @property
    def status_class(self) -> Optional[StatusClass]:
        """What to do about it. None: a class that version 1 does not have."""
        high = int(self) >> 8
        return StatusClass(high) if high <= StatusClass.CLOSES else None

    @classmethod
    def _missing_(cls, value: object) -> Optional[Status]:
        if not isinstance(value, int) or not 0 <= value <= 0xFFFF:
            return None
        unknown = int.__new__(cls, value)
        unknown._name_ = f"UNKNOWN_{value:04X}"
        unknown._value_ = value
        return unknown
