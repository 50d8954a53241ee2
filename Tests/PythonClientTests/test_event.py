"""Events: their rules, their ids."""

import datetime
import decimal
import json
import math
import threading
import time
import unittest
import uuid

from needletail import Event, InvalidEvent, event_id_from_key, uuid7, webhook_id
from needletail.event import encode_record


class EventTests(unittest.TestCase):
    def test_broken_rules_are_named_where_the_event_is_made(self):
        broken = dict(
            tenant=["", "a b", "a" * 65, "ä", "\ud800", b"acme", None, 7, ["acme"]],
            type=["", "a/b", "a" * 129, "\udfff", b"t", None, {}],
            correlation_id=["é" * 65, "\ud800", b"c", 7, None],
            ordering_key=["k" * 129, "k\udfff", b"k", 7, 0, None],
            content_type=["text/plain\n", "ü", "a" * 129, "\ud800", b"text/plain", None, []],
            attributes=[
                {str(n): "" for n in range(17)},
                {"a" * 257: ""},
                {"a": "b" * 257},
                {"a": "\ud800"},
                {"\udfff": "b"},
                {"a": 1},
                {1: "a"},
                {"a": None},
                [("a", "b")],
                "a",
            ],
            id=[uuid.UUID(int=0), "0198a0b1-c2d3-e4f5-0617-283940516273", 7, None, b"0123456789abcdef"],
            payload=["text", bytearray(b"x"), None, {"n": 1}],
            occurred_at=[
                datetime.datetime(2026, 1, 1),
                1 << 63,
                time.time(),
                0.0,
                float("nan"),
                "2026-01-01T00:00:00Z",
                datetime.date(2026, 1, 1),
                datetime.timedelta(seconds=1),
                decimal.Decimal(1),
                True,
                False,
                None,
            ],
            deliver_at=[-(1 << 63) - 1, time.time() + 60, "+60s", None],
        )
        for field, values in broken.items():
            for value in values:
                with self.subTest(field, value=value), self.assertRaisesRegex(InvalidEvent, field.rstrip("s")):
                    Event(**{**dict(tenant="acme", type="t", payload=b""), field: value})

    def test_values_at_the_limits_are_accepted(self):
        Event(
            "a" * 64,
            "b" * 128,
            correlation_id="é" * 64,
            ordering_key="k" * 128,
            content_type="c" * 128,
            attributes={str(n) + "a" * 250: "b" * 256 for n in range(16)},
        )

    def test_a_time_is_milliseconds_or_has_a_time_zone(self):
        moment = datetime.datetime(2025, 6, 15, 15, 6, 40, 123_000, datetime.timezone.utc)
        id = uuid7()
        by_clock = encode_record(Event("a", "t", id=id, occurred_at=moment, deliver_at=moment))
        self.assertEqual(by_clock, encode_record(Event("a", "t", id=id, occurred_at=1750000000123, deliver_at=1750000000123)))

    def test_json_is_compact(self):
        self.assertEqual(Event.json("a", "t", {"n": [1, "é"]}).payload, '{"n":[1,"é"]}'.encode())

    def test_a_time_in_seconds_is_answered_with_the_remedy(self):
        with self.assertRaisesRegex(InvalidEvent, r"occurred_at: .* expected Unix milliseconds .* int\(time.time\(\) \* 1000\)"):
            Event("a", "t", occurred_at=time.time())

    def test_what_json_cannot_express_is_named_with_its_place(self):
        loop = []
        loop.append(loop)
        for value, expected in (
            (float("nan"), r"payload: nan is not a JSON number"),
            ({"prices": [1.5, float("inf")]}, r"payload.prices\[1\]: inf is not"),
            ([{"a b": -math.inf}], r"payload\[0\]\['a b'\]: -inf is not"),
            ({math.nan: 1}, r"a name in payload: nan is not"),
            ("\ud800", r"payload: '\\ud800' contains half a surrogate pair"),
            ({"name": ("ok", "a\udfff")}, r"payload.name\[1\]: .* half a surrogate pair"),
            ({"\ud83d": 1}, r"a name in payload: .* half a surrogate pair"),
            ({"at": datetime.datetime(2026, 1, 1)}, r"payload.at: datetime has no form in JSON"),
            ({"set": {1}}, r"payload.set: set has no form"),
            ({"raw": b"x"}, r"payload.raw: bytes has no form"),
            ({(1, 2): 3}, r"a name in payload: \(1, 2\) of type tuple"),
            (loop, r"payload: "),
        ):
            with self.subTest(expected), self.assertRaisesRegex(InvalidEvent, expected):
                Event.json("acme", "t", value)

    def test_json_of_all_kinds_of_values(self):
        value = {"a": [None, True, 1, 1.5, "\U0001f600"], "b": {}}
        self.assertEqual(json.loads(Event.json("a", "t", value).payload), value)

    def test_bytes_of_a_payload_are_not_looked_into(self):
        for payload in (b'"\\ud800"', b"\xed\xa0\x80", b"NaN"):
            self.assertEqual(Event("a", "t", payload).payload, payload)

    def test_an_event_is_a_value(self):
        event = Event("a", "t", attributes={"a": "b"})
        self.assertEqual(len({event, Event("a", "t", attributes={"a": "b"}, id=event.id)}), 1)
        with self.assertRaises(AttributeError):
            event.tenant = "b"

    def test_an_event_keeps_its_id(self):
        event = Event("a", "t")
        self.assertEqual(event.id, event.id)
        self.assertNotEqual(event.id, Event("a", "t").id)


class IdentityTests(unittest.TestCase):
    def test_version_and_variant(self):
        id = uuid7()
        self.assertEqual((id.version, id.variant), (7, uuid.RFC_4122))

    def test_ids_ascend_also_across_threads(self):
        lists = [[] for _ in range(4)]
        threads = [threading.Thread(target=lambda out=out: out.extend(uuid7() for _ in range(5000))) for out in lists]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for ids in lists:
            self.assertEqual(ids, sorted(ids))
        self.assertEqual(len({id for ids in lists for id in ids}), 20_000)

    def test_the_id_of_a_key(self):
        # printf 'acme\0order-42' | sha256sum
        self.assertEqual(event_id_from_key("acme", "order-42").hex, "c493bc9bbeb88ba74eba4416ee88d99f")
        with self.assertRaisesRegex(InvalidEvent, "id: the key .* half a surrogate pair"):
            event_id_from_key("acme", "order-\ud800")
        self.assertNotEqual(event_id_from_key("acme", "order-42"), event_id_from_key("acm", "eorder-42"))

    def test_the_webhook_id(self):
        id = uuid.UUID(hex="0198a0b1c2d3e4f50617283940516273")
        self.assertEqual(webhook_id(id), "evt_0198a0b1c2d3e4f50617283940516273")
