"""Everything that a publisher raises."""

from __future__ import annotations

import uuid
from typing import Optional, Sequence, Union

from .receipt import Receipt
from .status import Status


class NeedletailError(Exception):
    """The base class of all errors."""


class InvalidEvent(NeedletailError, ValueError):
    """The event breaks a rule of the protocol (section 6). Raised where it is made; nothing was sent."""


class PublishError(NeedletailError):
    """One event has no receipt that says "stored".

    ``in_doubt`` is True if it may be stored nevertheless: it was sent, and no answer came. Publishing it again with the same
    id is always safe.
    """

    def __init__(self, message: str, event_id: uuid.UUID, *, in_doubt: bool = False, receipt: Optional[Receipt] = None):
        super().__init__(message)
        self.event_id = event_id
        self.in_doubt = in_doubt
        #: The server's last answer, if there was one.
        self.receipt = receipt


class EventRefused(PublishError):
    """The server refuses the event permanently (class 0x03): publishing it again changes nothing."""

    receipt: Receipt

    def __init__(self, receipt: Receipt):
        super().__init__(f"{receipt.status.name}: event {receipt.event_id} is refused", receipt.event_id, receipt=receipt)


class PublishTimeout(PublishError, TimeoutError):
    """The time for publishing was over. ``__cause__`` is the latest problem with the connection, if there was one."""


class PublisherClosed(PublishError):
    """The publisher was closed before the event had its answer."""


class PublishFailed(PublishError):
    """No server accepts this client as it is configured; ``__cause__`` says why (a wrong key, no TLS, another
    version).
    """


class BatchIncomplete(NeedletailError):
    """Some events of a ``publish_many`` have no receipt. ``results`` has the receipt or the error of each event, in
    order.
    """

    def __init__(self, results: Sequence[Union[Receipt, PublishError]]):
        self.results = list(results)
        errors = [result for result in self.results if isinstance(result, PublishError)]
        super().__init__(f"{len(errors)} of {len(self.results)} events have no receipt; the first: {errors[0]}")


class ConnectionFailed(NeedletailError, ConnectionError):
    """A connection could not be made, or ended. The publisher reconnects by itself; this is a cause, rarely raised."""

    #: Whether trying again cannot help until a configuration is changed.
    is_final = False


class Unreachable(ConnectionFailed):
    """Nothing answers at the address."""

    def __init__(self, address: object, reason: object):
        super().__init__(f"no connection to {address}: {reason}; is the server started, and is this its ingest port?")


class TLSFailed(ConnectionFailed):
    """TLS could not be established: the server's certificate is not trusted, ours is not, or the peer does not speak
    TLS.
    """

    is_final = True


class NotNeedletail(ConnectionFailed):
    """The peer does not speak the ingest protocol."""

    is_final = True

    def __init__(self, address: object):
        super().__init__(
            f"{address} does not speak the ingest protocol: is this the ingest port (7400 by default), and does it require TLS?"
        )


class ConnectionLost(ConnectionFailed):
    """The connection broke."""


class ConnectionTimeout(ConnectionFailed, TimeoutError):
    """The server did not answer in time."""


class ProtocolBroken(ConnectionFailed):
    """The server broke the protocol, or bytes were damaged on the way."""


class ClosedByServer(ConnectionFailed):
    """The server closed the connection with a reason."""

    def __init__(self, status: Status, text: str = ""):
        super().__init__(f"the server closed the connection: {status.name}" + (f": {text}" if text else ""))
        self.status = status
        self.text = text
        self.is_final = status in (Status.AUTH_FAILED, Status.UNSUPPORTED_VERSION, Status.TLS_REQUIRED)


class AuthenticationFailed(ClosedByServer):
    """The server does not know the API key."""
