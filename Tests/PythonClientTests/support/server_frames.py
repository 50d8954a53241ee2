"""What only a server writes and reads, for scripted servers. The fields are those of the vectors' JSON."""

import struct

from needletail import frames
from needletail.status import Status

WELCOME = dict(
    minor_version=0,
    features=0,
    frame_bytes=1 << 20,
    event_bytes=256 * 1024,
    events_per_frame=8192,
    window_events=65536,
    window_bytes=16 << 20,
    idle_timeout_ms=60_000,
    dedup_window_s=86_400,
    durability=2,
    server_id="scripted",
    server_version="1.0.0",
)


def text(value):
    encoded = value.encode()
    return struct.pack(">H", len(encoded)) + encoded


def welcome(request_id=1, **changes):
    fields = {**WELCOME, **changes}
    numbers = [fields[name] for name in list(WELCOME)[:10]]
    body = struct.pack(">HIIIIIQIIB", *numbers) + text(fields["server_id"]) + text(fields["server_version"])
    return frames.encode_frame(frames.WELCOME, body, request_id)


def ack(request_id, count, answers=None, form=None, commit=1):
    """`answers` are (status, retry-after ms); without them everything is ACCEPTED."""
    form = (1 if answers else 0) if form is None else form
    body = struct.pack(">QIB", commit, count, form)
    for status, retry_after in answers or []:
        body += struct.pack(">HHI", status, 0, retry_after)
    return frames.encode_frame(frames.ACK, body, request_id)


def go_away(grace_ms, spread_ms, reason="restart"):
    return frames.encode_frame(frames.GOAWAY, struct.pack(">II", grace_ms, spread_ms) + text(reason))


def close(status, reason=""):
    return frames.encode_frame(frames.CLOSE, frames.encode_close(frames.Close(Status(status), reason)))


def read_hello(body):
    """Minor version, features, key, client name; later versions may have appended to it."""
    minor, features = struct.unpack_from(">HI", body)
    texts, position = [], 6
    for _ in range(2):
        (size,) = struct.unpack_from(">H", body, position)
        texts.append(body[position + 2 : position + 2 + size].decode())
        position += 2 + size
    return minor, features, texts[0], texts[1]


def read_publish(body):
    """The ids of a PUBLISH's events."""
    (count,) = struct.unpack_from(">I", body)
    ids, position = [], 4
    for _ in range(count):
        (length,) = struct.unpack_from(">I", body, position)
        ids.append(body[position + 4 : position + 20].hex())
        position += 4 + length
    assert position == len(body), "records that do not end where the body ends"
    return ids
