"""The client's frames against the vectors that all implementations share."""

import unittest

from needletail import Event, event
from needletail import frames
from needletail.errors import ProtocolBroken
from needletail.status import Status
import uuid

from .support import server_frames
from .support.vectors import all_vectors

TYPES = {name: getattr(frames, name) for name in ("HELLO", "WELCOME", "PUBLISH", "ACK", "PING", "PONG", "GOAWAY", "CLOSE")}


def read(data):
    return list(frames.FrameReader(1 << 20).feed(data))


def event_of(fields):
    return Event(
        fields["tenant"],
        fields["type"],
        bytes.fromhex(fields["payload"]),
        id=uuid.UUID(hex=fields["id"]),
        occurred_at=fields["occurred_at"],
        deliver_at=fields["deliver_at"],
        correlation_id=fields["correlation_id"],
        ordering_key=fields["ordering_key"],
        content_type=fields["content_type"],
        attributes=dict(fields["attributes"]),
    )


def encoded(vector):
    """The vector's bytes as we write them. None: we never write this."""
    fields = vector.fields
    if vector.type == "HELLO" and vector.name != "frame-hello-appended":
        body = frames.encode_hello(fields["api_key"], fields["client_name"])
    elif vector.type == "PUBLISH":
        body = frames.encode_publish([event.encode_record(event_of(each)) for each in fields["events"]])
    elif vector.type == "PING":
        body = frames.encode_ping(frames.Ping(bytes.fromhex(fields["opaque"]), fields["sent_at"]))
    elif vector.type == "PONG":
        numbers = (fields["sent_at"], fields["received_at"], fields["answered_at"])
        body = frames.encode_pong(frames.Pong(bytes.fromhex(fields["opaque"]), *numbers))
    elif vector.type == "CLOSE":
        body = frames.encode_close(frames.Close(Status(fields["status"]), fields["text"]))
    elif vector.type == "WELCOME":
        return server_frames.welcome(vector.request_id, **fields)
    elif vector.type == "ACK":
        answers = fields.get("answers")
        return server_frames.ack(vector.request_id, fields["count"], answers, fields["form"], fields["commit"])
    else:
        return None
    return frames.encode_frame(TYPES[vector.type], body, vector.request_id)


class FrameVectorTests(unittest.TestCase):
    def each(self, *types):
        found = [vector for vector in all_vectors("frame") if not types or vector.type in types]
        self.assertTrue(found)
        for vector in found:
            with self.subTest(vector.name):
                yield vector

    def test_we_write_the_same_bytes(self):
        written = 0
        for vector in self.each():
            mine = encoded(vector)
            if mine is not None:
                self.assertEqual(mine.hex(" ", 4), vector.bytes.hex(" ", 4))
                written += 1
        self.assertGreaterEqual(written, 20)

    def test_we_read_what_a_server_sends(self):
        for vector in self.each("WELCOME", "ACK", "PING", "PONG", "GOAWAY", "CLOSE"):
            (frame,) = read(vector.bytes)
            self.assertEqual((frame.type, frame.request_id), (TYPES[vector.type], vector.request_id))
            fields = vector.fields
            if vector.type == "WELCOME":
                self.assertEqual(frames.decode_welcome(frame.body)._asdict(), fields)
            elif vector.type == "ACK":
                answers = [tuple(answer) for answer in fields.get("answers") or []]
                expected = (fields["commit"], fields["count"], fields["form"], answers)
                self.assertEqual(frames.decode_ack(frame.body), expected)
            elif vector.type == "GOAWAY":
                self.assertEqual(frames.decode_goaway(frame.body), tuple(fields.values()))
            elif vector.type == "CLOSE":
                self.assertEqual(frames.decode_close(frame.body), (fields["status"], fields["text"]))
            else:
                decode = frames.decode_ping if vector.type == "PING" else frames.decode_pong
                self.assertEqual(decode(frame.body), (bytes.fromhex(fields["opaque"]), *list(fields.values())[1:]))

    def test_an_unknown_type_from_0x80_on_is_skipped(self):
        skipped = next(vector for vector in all_vectors("frame") if vector.name == "frame-skipped")
        ping = next(vector for vector in all_vectors("frame") if vector.name == "frame-ping")
        self.assertEqual(read(skipped.bytes), [])
        self.assertEqual([frame.type for frame in read(skipped.bytes + ping.bytes)], [frames.PING])

    def test_every_split_point_gives_the_same_frames(self):
        for vector in self.each():
            whole = read(vector.bytes)
            for split in range(len(vector.bytes) + 1):
                reader = frames.FrameReader(1 << 20)
                parts = list(reader.feed(vector.bytes[:split]))
                self.assertEqual(parts, whole if split == len(vector.bytes) else [])
                self.assertEqual(parts + list(reader.feed(vector.bytes[split:])), whole, split)

    def test_byte_by_byte_gives_the_same_frames(self):
        stream = b"".join(vector.bytes for vector in all_vectors("frame"))
        reader = frames.FrameReader(1 << 20)
        self.assertEqual([frame for byte in stream for frame in reader.feed(bytes([byte]))], read(stream))

    def test_every_flipped_bit_is_detected(self):
        for vector in self.each():
            for bit in range(len(vector.bytes) * 8):
                flipped = bytearray(vector.bytes)
                flipped[bit // 8] ^= 1 << bit % 8
                with self.assertRaises(ProtocolBroken, msg=f"bit {bit}"):
                    read(bytes(flipped))

    def test_bodies_are_read_to_their_end(self):
        decoders = dict(
            WELCOME=frames.decode_welcome,
            ACK=frames.decode_ack,
            PING=frames.decode_ping,
            PONG=frames.decode_pong,
            GOAWAY=frames.decode_goaway,
            CLOSE=frames.decode_close,
        )
        for vector in self.each(*decoders):
            (frame,) = read(vector.bytes)
            decode = decoders[vector.type]
            for end in range(len(frame.body)):
                with self.assertRaises(ProtocolBroken):
                    decode(frame.body[:end])
            if vector.type == "WELCOME":
                # A later minor version may append (3.7).
                self.assertEqual(decode(frame.body + b"more"), decode(frame.body))
            else:
                with self.assertRaises(ProtocolBroken):
                    decode(frame.body + b"\0")

    def test_damaged_headers_are_refused(self):
        """The vectors with reserved bits, unknown types and impossible lengths, as if a server sent them."""
        names = ("open-flag-", "open-reserved-", "open-type-", "open-unknown-", "open-length-", "open-header-corrupt")
        refused = 0
        for vector in all_vectors("open"):
            if vector.name.startswith(names):
                with self.subTest(vector.name), self.assertRaises(ProtocolBroken):
                    read(vector.bytes)
                refused += 1
        self.assertGreater(refused, 25)


if __name__ == "__main__":
    unittest.main()
