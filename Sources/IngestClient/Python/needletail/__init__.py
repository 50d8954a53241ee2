"""Client of the Needletail ingest protocol: publish events, get a receipt when they are durable.

``Publisher`` for threads, ``AsyncPublisher`` for asyncio; see the package's README.md.
"""

from .async_publisher import AsyncPublisher
from .counters import Counters
from .errors import (
    AuthenticationFailed,
    BatchIncomplete,
    ClosedByServer,
    ConnectionFailed,
    ConnectionLost,
    ConnectionTimeout,
    EventRefused,
    InvalidEvent,
    NeedletailError,
    NotNeedletail,
    ProtocolBroken,
    PublisherClosed,
    PublishError,
    PublishFailed,
    PublishTimeout,
    TLSFailed,
    Unreachable,
)
from .event import Event
from .frames import Welcome
from .identity import event_id_from_key, uuid7, webhook_id
from .publisher import Publisher
from .receipt import Receipt
from .settings import Options, tls_context
from .status import Status, StatusClass

__all__ = [
    "AsyncPublisher",
    "AuthenticationFailed",
    "BatchIncomplete",
    "ClosedByServer",
    "ConnectionFailed",
    "ConnectionLost",
    "ConnectionTimeout",
    "Counters",
    "Event",
    "EventRefused",
    "InvalidEvent",
    "NeedletailError",
    "NotNeedletail",
    "Options",
    "ProtocolBroken",
    "PublishError",
    "PublishFailed",
    "PublishTimeout",
    "Publisher",
    "PublisherClosed",
    "Receipt",
    "Status",
    "StatusClass",
    "TLSFailed",
    "Unreachable",
    "Welcome",
    "event_id_from_key",
    "tls_context",
    "uuid7",
    "webhook_id",
]
