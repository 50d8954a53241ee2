#!/usr/bin/env python3
"""Makes the frame vectors, from Protocol.md alone: nothing here is shared with the server or a client.

    make.py --check    compares the files with what this script makes; changes nothing (the default)
    make.py --write    writes new vectors; refuses to change or remove one that is there
    make.py --write --replace NAME...    changes these too: only together with Protocol.md

A vector that is wrong is a bug of Protocol.md, of this script, or of both; never "make it pass".
"""
import argparse
import json
import os
import struct
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
VECTORS = {}

# --- Protocol.md, 3.2: CRC32C, bit by bit -------------------------------------------------------------------------


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


assert crc32c(b"123456789") == 0xE3069283

# --- Protocol.md, 1.2, 3, 5, 6: bytes -----------------------------------------------------------------------------

PREFACE = bytes.fromhex("894e544c0d0a1a01")
HELLO, WELCOME, PUBLISH, ACK, PING, PONG, GOAWAY, CLOSE = 0x01, 0x02, 0x10, 0x11, 0x20, 0x21, 0x30, 0x31


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">H", len(value)) + value


def frame(kind, request_id, body, flags=0, reserved=0, length=None, bad_body=False, bad_header=False):
    length = len(body) if length is None else length
    header = struct.pack(">IBBHQI", length, kind, flags, reserved, request_id, crc32c(body) ^ (1 if bad_body else 0))
    return header + struct.pack(">I", crc32c(header) ^ (1 if bad_header else 0)) + body


def hello(request_id=1, key="key-of-acme", name="vectors", minor=0, appended=b"", **faults):
    return frame(HELLO, request_id, struct.pack(">HI", minor, 0) + text(key) + text(name) + appended, **faults)


def record(id="0198a0b1c2d3e4f50617283940516273", occurred=1750000000000, deliver=0, tenant="acme",
           type="task.completed", correlation="", ordering="", content_type="", attributes=(), payload=b'{"n":1}',
           payload_length=None, attribute_count=None, appended=b""):
    data = bytes.fromhex(id) + struct.pack(">qq", occurred, deliver)
    for field in (tenant, type, correlation, ordering, content_type):
        data += text(field)
    data += struct.pack(">H", len(attributes) if attribute_count is None else attribute_count)
    for name, value in attributes:
        data += text(name) + text(value)
    return data + struct.pack(">I", len(payload) if payload_length is None else payload_length) + payload + appended


def records(items, count=None):
    body = struct.pack(">I", len(items) if count is None else count)
    return body + b"".join(struct.pack(">I", len(item)) + item for item in items)


def publish(request_id, items, count=None, appended=b"", **faults):
    return frame(PUBLISH, request_id, records(items, count) + appended, **faults)


def ack(request_id, commit, count, form, answers=()):
    body = struct.pack(">QIB", commit, count, form)
    return frame(ACK, request_id, body + b"".join(struct.pack(">HHI", status, 0, wait) for status, wait in answers))


def close(status, why, appended=b"", **faults):
    return frame(CLOSE, 0, struct.pack(">H", status) + text(why) + appended, **faults)


PING_BODY = bytes(range(8)) + struct.pack(">q", 1750000000123456789)
PONG_BODY = PING_BODY + struct.pack(">qq", 1750000000123999999, 1750000000124000001)
FIRST_ID, SECOND_ID = "0198a0b1c2d3e4f50617283940516273", "0198a0b1c2d3e4f50617283940516274"

# --- Protocol.md, 7 -----------------------------------------------------------------------------------------------

EVENT_STATUSES = {
    "accepted": 0x0000, "duplicate": 0x0001, "accepted-no-match": 0x0002,
    "throttled": 0x0100, "busy": 0x0101, "corrupt": 0x0102, "storage-full": 0x0103,
    "draining": 0x0200,
    "malformed": 0x0300, "too-large": 0x0301, "unknown-tenant": 0x0302, "tenant-disabled": 0x0303,
    "forbidden": 0x0304, "unknown-event-type": 0x0305, "conflict": 0x0306, "bad-time": 0x0307,
}
CLOSE_STATUSES = {
    "corrupt": 0x0102, "draining": 0x0200, "protocol-error": 0x0400, "unsupported-version": 0x0401,
    "auth-failed": 0x0402, "timeout": 0x0403, "frame-too-large": 0x0404, "header-corrupt": 0x0405,
    "window-exceeded": 0x0406, "too-many-connections": 0x0407, "tls-required": 0x0408, "internal": 0x0409,
    "too-many-control-frames": 0x040A,
}


def retry_after(status):
    return 250 if status >> 8 == 1 else 0


# --- The kinds of vector: README.md -------------------------------------------------------------------------------


def add(name, data, meaning, why):
    assert name not in VECTORS, name
    lines = ["# " + why] + [data[at:at + 16].hex(" ") for at in range(0, len(data), 16)]
    VECTORS[name + ".hex"] = "\n".join(lines) + "\n"
    VECTORS[name + ".json"] = json.dumps(meaning, indent=2, ensure_ascii=False) + "\n"


def good(name, data, type, request_id, fields, why):
    add("frame-" + name, data, {"kind": "frame", "type": type, "request_id": request_id, "fields": fields}, why)


def later(name, data, type, request_id, fields, why):
    add("later-" + name, data, {"kind": "later", "type": type, "request_id": request_id, "fields": fields}, why)


def broken(name, data, type, why):
    add("broken-" + name, data, {"kind": "broken", "type": type, "why": why}, why)


def opening(name, data, closes, why, then=None):
    meaning = {"kind": "opening"}
    if closes:
        meaning["closes"] = closes
    meaning["why"] = why
    if then:
        meaning["then"] = then
    add("opening-" + name, data, meaning, why)


def on_open(name, data, why, closes=None, answers=None, then=None, limits=None, key_opens=None):
    meaning = {"kind": "open", "why": why}
    for key, value in (("closes", closes), ("answers", answers), ("then", then), ("limits", limits),
                       ("key_opens", key_opens)):
        if value:
            meaning[key] = value
    add("open-" + name, data, meaning, why)


def one_event(name, why, answer, **fields):
    """One event, and a good one behind it."""
    data = publish(1, [record(**fields), record(id=SECOND_ID)])
    on_open("event-" + name, data, why, answers=[answer, "ACCEPTED"])


# --- Whole frames -------------------------------------------------------------------------------------------------


def make_frames():
    hello_fields = {"minor_version": 0, "features": 0, "api_key": "key-of-acme", "client_name": "vectors"}
    good("hello", hello(), "HELLO", 1, hello_fields, "HELLO")
    good("hello-appended", hello(2, appended=b"\0\0\0\1"), "HELLO", 2, hello_fields,
         "HELLO of a later minor version, which appended four bytes")
    welcome = struct.pack(">HIIIIIQIIB", 0, 0, 1048576, 262144, 8192, 65536, 16777216, 60000, 86400, 2)
    welcome += text("needletail-1") + text("1.0.0")
    welcome_fields = {
        "minor_version": 0, "features": 0, "frame_bytes": 1048576, "event_bytes": 262144, "events_per_frame": 8192,
        "window_events": 65536, "window_bytes": 16777216, "idle_timeout_ms": 60000, "dedup_window_s": 86400,
        "durability": 2, "server_id": "needletail-1", "server_version": "1.0.0"}
    good("welcome", frame(WELCOME, 1, welcome), "WELCOME", 1, welcome_fields, "WELCOME")
    later("welcome", frame(WELCOME, 2, welcome + bytes(8)), "WELCOME", 2, welcome_fields,
          "WELCOME of a later minor version, which appended eight bytes")
    make_publish_frames()
    make_ack_frames()
    good("ping", frame(PING, 9, PING_BODY), "PING", 9,
         {"opaque": "0001020304050607", "sent_at": 1750000000123456789}, "PING")
    good("pong", frame(PONG, 9, PONG_BODY), "PONG", 9,
         {"opaque": "0001020304050607", "sent_at": 1750000000123456789, "received_at": 1750000000123999999,
          "answered_at": 1750000000124000001}, "PONG")
    reason = "the server is shutting down"
    good("goaway", frame(GOAWAY, 0, struct.pack(">II", 5000, 2000) + text(reason)), "GOAWAY", 0,
         {"grace_ms": 5000, "spread_ms": 2000, "reason": reason}, "GOAWAY")
    for name, status in CLOSE_STATUSES.items():
        good("close-" + name, close(status, "why"), "CLOSE", 0, {"status": status, "text": "why"}, "CLOSE " + name)
    good("skipped", frame(0x80, 5, b"from a later version"), "0x80", 5, {}, "a type that version 1 skips")
    good("skipped-last", frame(0xFF, 5, b""), "0xff", 5, {}, "the last type that version 1 skips, without a body")


def make_publish_frames():
    first = {
        "id": FIRST_ID, "occurred_at": 1750000000000, "deliver_at": 0, "tenant": "acme", "type": "task.completed",
        "correlation_id": "", "ordering_key": "", "content_type": "", "attributes": [],
        "payload": b'{"n":1}'.hex()}
    second = {
        "id": SECOND_ID, "occurred_at": 1750000000000, "deliver_at": 1750000060000, "tenant": "globex",
        "type": "invoice.paid", "correlation_id": "req-7", "ordering_key": "invoice-42",
        "content_type": "application/cloudevents+json", "attributes": [["schema", "2"], ["actor", "zoë"]],
        "payload": bytes(range(256)).hex()}
    full = record(
        SECOND_ID, 1750000000000, 1750000060000, "globex", "invoice.paid", "req-7", "invoice-42",
        "application/cloudevents+json", (("schema", "2"), ("actor", "zoë")), bytes(range(256)))
    good("publish-one", publish(7, [record()]), "PUBLISH", 7, {"events": [first]}, "PUBLISH of one small event")
    good("publish-two", publish(8, [record(), full]), "PUBLISH", 8, {"events": [first, second]},
         "PUBLISH of two events, the second with every field filled")
    empty = dict(first, payload="", occurred_at=0)
    good("publish-empty-payload", publish(2**64 - 1, [record(payload=b"", occurred=0)]), "PUBLISH", 2**64 - 1,
         {"events": [empty]}, "PUBLISH of an event without payload, under the largest request id")


def make_ack_frames():
    good("ack-form-0", ack(7, 4711, 100, 0), "ACK", 7, {"commit": 4711, "count": 100, "form": 0}, "ACK: all accepted")
    answers = [(status, retry_after(status)) for status in EVENT_STATUSES.values()]
    good("ack-form-1", ack(8, 4712, len(answers), 1, answers), "ACK", 8,
         {"commit": 4712, "count": len(answers), "form": 1, "answers": [list(answer) for answer in answers]},
         "ACK: an answer each, every status an event can have")
    good("ack-form-2", ack(9, 0, 100, 2, [(0x0200, 0)]), "ACK", 9,
         {"commit": 0, "count": 100, "form": 2, "answers": [[0x0200, 0]]}, "ACK: DRAINING for every event")
    good("ack-corrupt", ack(10, 0, 0, 2, [(0x0102, 0)]), "ACK", 10,
         {"commit": 0, "count": 0, "form": 2, "answers": [[0x0102, 0]]},
         "ACK: CORRUPT for a frame that could not be read")
    for name, status in EVENT_STATUSES.items():
        commit = 4713 if status >> 8 == 0 else 0
        good("ack-all-" + name, ack(11, commit, 3, 2, [(status, retry_after(status))]), "ACK", 11,
             {"commit": commit, "count": 3, "form": 2, "answers": [[status, retry_after(status)]]},
             f"ACK: {name.upper().replace('-', '_')} for every event")
    good("ack-unknown-status", ack(12, 0, 1, 2, [(0x01FF, 9)]), "ACK", 12,
         {"commit": 0, "count": 1, "form": 2, "answers": [[0x01FF, 9]]},
         "ACK: a status that version 1 does not have, of a class that it has")


# --- Whole frames that their receiver refuses ---------------------------------------------------------------------


def make_broken_frames():
    welcome = struct.pack(">HIIIIIQIIB", 0, 0, 1, 1, 1, 1, 1, 1, 1, 2)
    broken("welcome-cut", frame(WELCOME, 1, welcome + text("s")), "WELCOME", "WELCOME without a server version")
    broken("welcome-durability", frame(WELCOME, 1, welcome[:-1] + b"\3" + text("s") + text("v")), "WELCOME",
           "WELCOME of durability 3")
    broken("welcome-server-id-bad-utf8", frame(WELCOME, 1, welcome + text(b"\xff") + text("v")), "WELCOME",
           "WELCOME whose server id is not UTF-8")
    broken("welcome-server-version-bad-utf8", frame(WELCOME, 1, welcome + text("s") + text(b"\xff")), "WELCOME",
           "WELCOME whose server version is not UTF-8")
    head = struct.pack(">QIB", 1, 2, 1)
    answer = struct.pack(">HHI", 0, 0, 0)
    broken("ack-empty", frame(ACK, 1, b""), "ACK", "ACK without a body")
    broken("ack-form-3", ack(1, 1, 2, 3), "ACK", "ACK of form 3")
    broken("ack-form-0-left-over", frame(ACK, 1, struct.pack(">QIB", 1, 2, 0) + b"\0"), "ACK",
           "ACK of form 0 with a byte left over")
    broken("ack-form-1-short", frame(ACK, 1, head + answer), "ACK", "ACK of form 1: two counted, one answer")
    broken("ack-form-1-long", frame(ACK, 1, head + answer * 3), "ACK", "ACK of form 1: two counted, three answers")
    broken("ack-form-1-huge", frame(ACK, 1, struct.pack(">QIB", 1, 0xFFFFFFFF, 1) + answer), "ACK",
           "ACK of form 1: 4 billion counted, one answer")
    broken("ack-form-2-cut", frame(ACK, 1, struct.pack(">QIB", 1, 2, 2) + answer[:-1]), "ACK",
           "ACK of form 2 that ends inside its answer")
    broken("ack-reserved", frame(ACK, 1, struct.pack(">QIBHHI", 1, 2, 2, 0, 1, 0)), "ACK",
           "ACK with a reserved bit of an answer set")
    broken("pong-short", frame(PONG, 1, PONG_BODY[:-1]), "PONG", "PONG one byte short")
    broken("goaway-cut", frame(GOAWAY, 0, struct.pack(">II", 1, 1)), "GOAWAY", "GOAWAY without a reason")
    broken("goaway-bad-utf8", frame(GOAWAY, 0, struct.pack(">II", 1, 1) + text(b"\xc3\x28")), "GOAWAY",
           "GOAWAY whose reason is not UTF-8")
    broken("goaway-left-over", frame(GOAWAY, 0, struct.pack(">II", 1, 1) + text("x") + b"\0"), "GOAWAY",
           "GOAWAY with a byte left over")
    broken("close-bad-utf8", close(0x0400, b"\xff"), "CLOSE", "CLOSE whose text is not UTF-8")
    broken("close-text-over", frame(CLOSE, 0, struct.pack(">HH", 0x0400, 9) + b"short"), "CLOSE",
           "CLOSE whose text reaches over its end")


# --- The first bytes of a connection ------------------------------------------------------------------------------


def make_openings():
    opening("get", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "nothing", "an HTTP request")
    opening("tls", bytes.fromhex("16030100c0010000bc0303") + bytes(32), "nothing", "a TLS ClientHello")
    opening("line-ends", bytes.fromhex("894e544c0a1a01") + b"\0\0", "nothing", "CR LF translated to LF on the way")
    opening("line-ends-doubled", bytes.fromhex("894e544c0d0d0a1a01"), "nothing", "LF translated to CR LF on the way")
    opening("seven-bits", bytes.fromhex("094e544c0d0a1a01"), "nothing", "the eighth bit was lost on the way")
    opening("zeros", bytes(8), "nothing", "eight zero bytes")
    opening("first-byte", b"\x88", "nothing", "one wrong byte")
    opening("version-0", PREFACE[:7] + b"\0" + hello(), "UNSUPPORTED_VERSION", "major version 0")
    opening("version-2", PREFACE[:7] + b"\2" + hello(), "UNSUPPORTED_VERSION", "major version 2")
    opening("version-255", PREFACE[:7] + b"\xff" + hello(), "UNSUPPORTED_VERSION", "major version 255")
    opening("publish-first", PREFACE + publish(1, [record()]), "PROTOCOL_ERROR", "PUBLISH before HELLO")
    opening("ping-first", PREFACE + frame(PING, 9, PING_BODY), "PROTOCOL_ERROR", "PING before HELLO")
    opening("welcome-first", PREFACE + frame(WELCOME, 1, b""), "PROTOCOL_ERROR", "a server's frame before HELLO")
    opening("close-first", PREFACE + close(0x0409, ""), "PROTOCOL_ERROR", "CLOSE before HELLO")
    opening("skippable-first", PREFACE + frame(0x80, 1, b""), "PROTOCOL_ERROR", "a skippable frame before HELLO")
    opening("unknown-type-first", PREFACE + frame(0x7F, 1, b""), "PROTOCOL_ERROR", "an unknown type before HELLO")
    make_hello_openings()
    opening("silence", PREFACE, "TIMEOUT", "the preface, then silence", then="silence")
    opening("silence-in-preface", PREFACE[:4], "nothing", "half a preface, then silence", then="silence")
    opening("silence-in-header", PREFACE + hello()[:12], "TIMEOUT", "half a header, then silence", then="silence")
    opening("silence-in-hello", PREFACE + hello()[:-1], "TIMEOUT", "a HELLO without its last byte, then silence",
            then="silence")


def make_hello_openings():
    start = struct.pack(">HI", 0, 0) + text("key-of-acme")
    opening("hello-corrupt", PREFACE + hello(name="v", bad_body=True), "CORRUPT", "HELLO with a wrong body checksum")
    opening("hello-header-corrupt", PREFACE + hello(bad_header=True), "HEADER_CORRUPT",
            "HELLO with a wrong header checksum")
    opening("hello-flags", PREFACE + hello(flags=1), "PROTOCOL_ERROR", "HELLO with a flag set")
    opening("hello-short", PREFACE + frame(HELLO, 1, start), "PROTOCOL_ERROR", "HELLO without a client name")
    opening("hello-empty", PREFACE + frame(HELLO, 1, b""), "PROTOCOL_ERROR", "HELLO without a body")
    opening("hello-text-over", PREFACE + frame(HELLO, 1, start + b"\0\7vector"), "PROTOCOL_ERROR",
            "a client name that reaches over the end of HELLO")
    opening("hello-bad-utf8", PREFACE + frame(HELLO, 1, start + text(b"\xff\xfe")), "PROTOCOL_ERROR",
            "a client name that is not UTF-8")
    opening("hello-key-bad-utf8", PREFACE + hello(key=b"\xc3\x28"), "PROTOCOL_ERROR", "an API key that is not UTF-8")
    opening("hello-huge", PREFACE + frame(HELLO, 1, b"", length=5000), "FRAME_TOO_LARGE",
            "HELLO over the 4 KiB of an unknown client")
    opening("hello-one-over", PREFACE + frame(HELLO, 1, b"", length=4096 - 8 - 24 + 1), "FRAME_TOO_LARGE",
            "HELLO one byte over the 4 KiB of an unknown client")
    opening("hello-largest", PREFACE + hello(appended=bytes(4096 - 8 - len(hello()))), None,
            "HELLO of 4 KiB with its preface")
    opening("hello-minor-7", PREFACE + hello(minor=7, appended=bytes(4)), None, "HELLO of a later minor version")
    opening("wrong-key", PREFACE + hello(key="key-of-nobody"), "AUTH_FAILED", "an API key that is not known")
    opening("wrong-key-then-publish", PREFACE + hello(key="key-of-nobody") + publish(2, [record()]), "AUTH_FAILED",
            "an API key that is not known, and a PUBLISH behind it")
    opening("empty-key", PREFACE + hello(key=""), "AUTH_FAILED", "an empty API key without a client certificate")
    opening("hello-twice", PREFACE + hello() + hello(), "PROTOCOL_ERROR", "a second HELLO")


# --- After WELCOME ------------------------------------------------------------------------------------------------


def make_open_headers():
    for bit in range(8):
        on_open(f"flag-bit-{bit}", frame(PING, 1, PING_BODY, flags=1 << bit), f"flag bit {bit} set", "PROTOCOL_ERROR")
    for bit in range(16):
        on_open(f"reserved-bit-{bit:02}", frame(PING, 1, PING_BODY, reserved=1 << bit), f"reserved bit {bit} set",
                "PROTOCOL_ERROR")
    on_open("header-corrupt", frame(PING, 1, PING_BODY, bad_header=True), "wrong header checksum", "HEADER_CORRUPT")
    on_open("header-corrupt-and-flag", frame(PING, 1, PING_BODY, flags=1, bad_header=True),
            "wrong header checksum and a flag: the checksum is looked at first", "HEADER_CORRUPT")
    on_open("flag-and-unknown-type", frame(0x7F, 1, b"", flags=1), "a flag and an unknown type", "PROTOCOL_ERROR")
    on_open("unknown-type-and-length", frame(0x7F, 1, b"", length=0xFFFFFFFF),
            "an unknown type and a body of 4 GiB: the type is looked at first", "PROTOCOL_ERROR")
    on_open("unknown-type", frame(0x7F, 1, b""), "unknown type 0x7f", "PROTOCOL_ERROR")
    on_open("type-zero", frame(0, 1, b""), "type 0", "PROTOCOL_ERROR")
    for kind, name in ((WELCOME, "welcome"), (ACK, "ack"), (GOAWAY, "goaway")):
        on_open("from-server-" + name, frame(kind, 1, b""), f"a server's frame: {name}", "PROTOCOL_ERROR")
    on_open("length-huge", frame(PUBLISH, 1, b"", length=0xFFFFFFFF), "a body of 4 GiB announced", "FRAME_TOO_LARGE")
    on_open("length-one-over", frame(PUBLISH, 1, b"", length=1048577), "a body one byte over the limit announced",
            "FRAME_TOO_LARGE")
    on_open("skipped-length-huge", frame(0x80, 1, b"", length=0xFFFFFFFF),
            "a skippable type with a body of 4 GiB announced", "FRAME_TOO_LARGE")
    on_open("body-one-long", publish(3, [record()], length=len(records([record()])) - 1),
            "a body one byte longer than its length", answers=["CORRUPT"])
    on_open("body-one-short", publish(3, [record()], length=len(records([record()])) + 1),
            "a body one byte shorter than its length, then silence", "TIMEOUT", then="silence")
    on_open("silence-in-header", publish(1, [record()])[:12], "half a header, then silence", "TIMEOUT", then="silence")
    on_open("silence-in-body", publish(1, [record()])[:60], "half a body, then silence", "TIMEOUT", then="silence")


def make_open_bodies():
    on_open("ping-short", frame(PING, 1, bytes(15)), "PING one byte short", "PROTOCOL_ERROR")
    on_open("ping-long", frame(PING, 1, bytes(17)), "PING one byte long", "PROTOCOL_ERROR")
    on_open("pong-short", frame(PONG, 1, PONG_BODY[:-1]), "PONG one byte short", "PROTOCOL_ERROR")
    on_open("pong-long", frame(PONG, 1, PONG_BODY + b"\0"), "PONG one byte long", "PROTOCOL_ERROR")
    on_open("pong", frame(PONG, 1, PONG_BODY), "a PONG that nobody asked for is not answered")
    on_open("close", close(0x0409, "done"), "CLOSE of a client that has nothing open", "end")
    on_open("close-empty", frame(CLOSE, 0, b""), "CLOSE without a body", "PROTOCOL_ERROR")
    on_open("close-left-over", frame(CLOSE, 1, struct.pack(">H", 0x0400) + text("x") + b"y"),
            "CLOSE with a byte left over", "PROTOCOL_ERROR")
    on_open("close-bad-utf8", close(0x0400, b"\xc3\x28"), "CLOSE whose text is not UTF-8", "PROTOCOL_ERROR")
    on_open("skipped", frame(0x80, 1, b"from a later version"), "a skippable type is skipped")
    on_open("publish-empty-body", frame(PUBLISH, 1, b""), "PUBLISH without a count", "PROTOCOL_ERROR")
    on_open("publish-zero", publish(1, []), "PUBLISH of zero events", "PROTOCOL_ERROR")
    on_open("publish-count-over", publish(1, [record()], count=2), "PUBLISH that counts one event too many",
            "PROTOCOL_ERROR")
    on_open("publish-count-under", publish(1, [record(), record(id=SECOND_ID)], count=1),
            "PUBLISH that counts one event too few", "PROTOCOL_ERROR")
    on_open("publish-count-huge", publish(1, [record()], count=0xFFFFFFFF), "PUBLISH that counts 4 billion events",
            "FRAME_TOO_LARGE")
    on_open("publish-left-over", publish(1, [record()], appended=b"\0"), "PUBLISH with a byte left over",
            "PROTOCOL_ERROR")
    on_open("publish-record-over", frame(PUBLISH, 1, struct.pack(">II", 1, 0xFFFFFFFF) + record()),
            "an event record of 4 GiB", "PROTOCOL_ERROR")
    on_open("publish-record-length-cut", publish(1, [record()], count=2, appended=b"\0\0"),
            "PUBLISH that ends inside a record's length", "PROTOCOL_ERROR")
    on_open("publish-corrupt", publish(3, [record()], bad_body=True), "PUBLISH with a wrong body checksum",
            answers=["CORRUPT"])
    on_open("ping-corrupt", frame(PING, 3, PING_BODY, bad_body=True), "PING with a wrong body checksum",
            answers=["CORRUPT"])
    on_open("pong-corrupt", frame(PONG, 3, PONG_BODY, bad_body=True), "PONG with a wrong body checksum",
            answers=["CORRUPT"])
    on_open("close-corrupt", frame(CLOSE, 3, struct.pack(">H", 0x0409) + text("x"), bad_body=True),
            "CLOSE with a wrong body checksum", answers=["CORRUPT"])
    on_open("skipped-corrupt", frame(0x80, 3, b"x", bad_body=True), "a skippable type with a wrong body checksum",
            answers=["CORRUPT"])


def make_open_limits():
    two, one = publish(1, [record(), record(id=SECOND_ID)]), publish(2, [record()])
    body = len(records([record()]))
    on_open("window-full", two, "a window of two events filled", answers=["ACCEPTED", "ACCEPTED"],
            limits={"window_events": 2})
    on_open("window-events-by-one", two + one, "a window of two events overstepped by one", "WINDOW_EXCEEDED",
            answers=["ACCEPTED", "ACCEPTED"], limits={"window_events": 2})
    on_open("window-bytes-by-one", publish(1, [record()]) + one, "a window overstepped by one byte", "WINDOW_EXCEEDED",
            answers=["ACCEPTED"], limits={"window_bytes": 2 * body - 1})
    on_open("publish-count-one-over", two, "PUBLISH of one event over the limit announced", "FRAME_TOO_LARGE",
            limits={"events_per_frame": 1})
    on_open("event-too-large", publish(1, [record(payload=bytes(17)), record(id=SECOND_ID)]),
            "a payload one byte over the limit", answers=["TOO_LARGE", "ACCEPTED"], limits={"event_bytes": 16})
    on_open("event-largest", publish(1, [record(payload=bytes(16)), record(id=SECOND_ID)]),
            "a payload at the limit", answers=["ACCEPTED", "ACCEPTED"], limits={"event_bytes": 16})
    on_open("control-flood", frame(0x80, 1, b"") * 101, "101 frames at once that publish nothing",
            "TOO_MANY_CONTROL_FRAMES")
    on_open("event-forbidden", publish(1, [record(tenant="globex"), record(id=SECOND_ID)]),
            "a tenant that the key does not open", answers=["FORBIDDEN", "ACCEPTED"], key_opens=["acme"])
    on_open("event-forbidden-unknown", publish(1, [record(tenant="nobody"), record(id=SECOND_ID)]),
            "a tenant that there is not, to a key with a list", answers=["FORBIDDEN", "ACCEPTED"], key_opens=["acme"])


def make_open_events():
    on_open("event-good", publish(1, [record(), record(id=SECOND_ID)]), "two good events",
            answers=["ACCEPTED", "ACCEPTED"])
    one_event("zero-id", "event id zero", "MALFORMED", id="0" * 32)
    one_event("no-tenant", "empty tenant", "MALFORMED", tenant="")
    one_event("tenant-slash", "a slash in the tenant", "MALFORMED", tenant="a/b")
    one_event("tenant-long", "a tenant of 65 bytes", "MALFORMED", tenant="a" * 65)
    one_event("no-type", "empty event type", "MALFORMED", type="")
    one_event("type-space", "a space in the event type", "MALFORMED", type="a b")
    one_event("type-long", "an event type of 129 bytes", "MALFORMED", type="a" * 129)
    one_event("correlation-long", "a correlation id of 129 bytes", "MALFORMED", correlation="a" * 129)
    one_event("ordering-key-bad-utf8", "an ordering key that is not UTF-8", "MALFORMED", ordering=b"\xc3\x28")
    one_event("ordering-key-long", "an ordering key of 129 bytes", "MALFORMED", ordering="a" * 129)
    one_event("content-type-control", "a line feed in the content type", "MALFORMED", content_type="a\nb")
    one_event("content-type-long", "a content type of 129 bytes", "MALFORMED", content_type="a" * 129)
    one_event("content-type-not-ascii", "a content type beyond ASCII", "MALFORMED", content_type="é")
    one_event("tenant-bad-utf8", "a tenant that is not UTF-8", "MALFORMED", tenant=b"\xc3\x28")
    one_event("type-bad-utf8", "an event type that is not UTF-8", "MALFORMED", type=b"\xc3\x28")
    one_event("content-type-bad-utf8", "a content type that is not UTF-8", "MALFORMED", content_type=b"\xc3\x28")
    for name, why, run in (
            ("lone", "a lone continuation byte", b"\x80"), ("cut", "a character cut off", b"\xe2\x82"),
            ("overlong", "an overlong slash", b"\xc0\xaf"), ("surrogate", "a surrogate", b"\xed\xa0\x80"),
            ("beyond", "a code point beyond U+10FFFF", b"\xf4\x90\x80\x80"), ("ff", "a byte FF", b"\xff")):
        one_event("correlation-bad-utf8-" + name, "a correlation id that is not UTF-8: " + why, "MALFORMED",
                  correlation=b"a" + run)
    one_event("attribute-name-bad-utf8", "an attribute's name that is not UTF-8", "MALFORMED",
              attributes=((b"\xc3\x28", "v"),))
    one_event("attribute-value-bad-utf8", "an attribute's value that is not UTF-8", "MALFORMED",
              attributes=(("n", b"\xc3\x28"),))
    one_event("attribute-name-long", "an attribute's name of 257 bytes", "MALFORMED", attributes=(("n" * 257, ""),))
    one_event("attribute-value-long", "an attribute's value of 257 bytes", "MALFORMED", attributes=(("n", "v" * 257),))
    one_event("attributes-17", "17 attributes", "MALFORMED", attributes=tuple((f"n{i}", "v") for i in range(17)))
    one_event("attributes-cut", "two attributes counted, one there", "MALFORMED", attributes=(("a", "b"),),
              attribute_count=2)
    one_event("payload-over", "a payload length over the record's end", "MALFORMED", payload_length=8)
    one_event("payload-under", "a byte left over after the payload", "MALFORMED", appended=b"x")
    one_event("payload-huge", "a payload length of 4 GiB", "TOO_LARGE", payload_length=0xFFFFFFFF)
    one_event("seconds", "occurred at in seconds", "BAD_TIME", occurred=1750000000)
    one_event("negative-time", "a negative time", "BAD_TIME", occurred=-1)
    one_event("microseconds", "occurred at in microseconds", "BAD_TIME", occurred=1750000000000000)
    one_event("deliver-in-seconds", "deliver at in seconds", "BAD_TIME", deliver=1750000000)
    one_event("deliver-too-far", "deliver at 31 days ahead", "BAD_TIME", deliver=1750000000000 + 31 * 86400000)
    one_event("deliver-last", "deliver at 30 days ahead", "ACCEPTED", deliver=1750000000000 + 30 * 86400000)
    one_event("year-2000", "occurred at the first moment of 2000", "ACCEPTED", occurred=946684800000)
    one_event("before-2000", "occurred at the last moment of 1999", "BAD_TIME", occurred=946684799999)
    one_event("unknown-tenant", "a tenant that there is not", "UNKNOWN_TENANT", tenant="nobody")
    one_event("tenant-disabled", "a disabled tenant", "TENANT_DISABLED", tenant="asleep")
    one_event("full", "every field at its limit", "ACCEPTED", type="t" * 128, correlation="é" * 64, ordering="o" * 128,
              content_type="c" * 128, attributes=tuple(("n" * 256, "v" * 256) for _ in range(16)), payload=b"")
    for name, why, cut in (
            ("empty-record", "an event record of no bytes", b""), ("record-31", "a record that ends in its times",
                                                                   record()[:31]),
            ("record-32", "a record that ends after its times", record()[:32]),
            ("record-no-payload", "a record that ends before its payload's length", record()[:-11])):
        data = frame(PUBLISH, 1, struct.pack(">II", 2, len(cut)) + cut + struct.pack(">I", len(record())) + record())
        on_open("event-" + name, data, why, answers=["MALFORMED", "ACCEPTED"])


# --- Files --------------------------------------------------------------------------------------------------------


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--check", action="store_true", help="compare only (the default)")
    options.add_argument("--write", action="store_true", help="write the vectors that are missing")
    options.add_argument("--replace", nargs="+", default=[], metavar="NAME", help="with --write: these may change")
    chosen = options.parse_args()
    for make in (make_frames, make_broken_frames, make_openings, make_open_headers, make_open_bodies,
                 make_open_limits, make_open_events):
        make()
    there = {name for name in os.listdir(FOLDER) if name.endswith((".hex", ".json"))}
    missing = sorted(set(VECTORS) - there)
    strange = sorted(there - set(VECTORS))
    differing = sorted(name for name in there & set(VECTORS) if read(name) != VECTORS[name])
    if chosen.write and not chosen.check:
        allowed = [name for name in differing if name.rsplit(".", 1)[0] in chosen.replace]
        for name in missing + allowed:
            with open(os.path.join(FOLDER, name), "w", encoding="utf-8") as file:
                file.write(VECTORS[name])
        print(f"{len(missing)} files written, {len(allowed)} replaced")
        missing, differing = [], [name for name in differing if name not in allowed]
    for what, names in (("missing", missing), ("not made by this script", strange), ("different", differing)):
        for name in names:
            print(f"{what}: {name}", file=sys.stderr)
    print(f"{len(VECTORS) // 2} vectors, {len(missing) + len(strange) + len(differing)} files in disagreement")
    return 1 if missing or strange or differing else 0


def read(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


if __name__ == "__main__":
    sys.exit(main())
