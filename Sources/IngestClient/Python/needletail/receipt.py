"""The server's answer to one event."""

from __future__ import annotations

import uuid
from typing import NamedTuple

from .status import Status


class Receipt(NamedTuple):
    """The answer for one published event: the server's promise, or its refusal."""

    event_id: uuid.UUID
    status: Status
    #: With a status of class ``SEND_AGAIN``: seconds to wait. The publisher waits by itself.
    retry_after: float = 0.0
    #: The transaction that decided it; 0: none was needed. It never decreases on one server (clause 5.4.2).
    commit: int = 0

    @property
    def stored(self) -> bool:
        """Whether the event and its deliveries are stored, as WELCOME's durability says."""
        return self.status <= 0x00FF
