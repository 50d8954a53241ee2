"""What a publisher has done so far."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass
class Counters:
    """Counts since the publisher was made, and what is pending now. ``publisher.counters`` gives a copy.

    ``submitted == stored + refused + failed + cancelled + pending``, always, after the publisher's thread has taken its turn.
    """

    #: Events accepted from callers.
    submitted: int = 0
    #: Events that ended: stored, refused, with an error, or withdrawn before they were sent.
    stored: int = 0
    refused: int = 0
    failed: int = 0
    cancelled: int = 0
    #: The number of stored events that were answered DUPLICATE, as after a resend.
    duplicates: int = 0
    #: Events and bytes of records without an answer, waiting or in flight.
    pending: int = 0
    pending_bytes: int = 0
    #: PUBLISH frames, their events and the bytes of their bodies.
    frames_sent: int = 0
    events_sent: int = 0
    bytes_sent: int = 0
    #: Events sent again because their connection ended; because the server asked for it (THROTTLED, BUSY, DRAINING and
    #: similar).
    resent: int = 0
    retried: int = 0
    #: Connections that reached WELCOME, and attempts that did not.
    connections: int = 0
    failed_connections: int = 0
    #: GOAWAY frames.
    asked_to_leave: int = 0

    def copy(self) -> Counters:
        return dataclasses.replace(self)
