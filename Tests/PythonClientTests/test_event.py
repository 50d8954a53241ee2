"""Events: their rules, their ids."""

import datetime
import threading
import unittest
import uuid

from needletail import Event, InvalidEvent, event_id_from_key, uuid7, webhook_id
from needletail.event import encode_record


class EventTests(unittest.TestCase):
    def test_broken_rules_are_named_where_the_event_is_made(self):
        broken = dict(
            tenant=["", "a b", "a" * 65, "ä"],
            type=["", "a/b", "a" * 129],
            correlation_id=["é" * 65, "\ud800"],
            ordering_key=["k" * 129],
            content_type=["text/plain\n", "ü", "a" * 129],
            attributes=[{str(n): "" for n in range(17)}, {"a" * 257: ""}, {"a": "b" * 257}],
            id=[uuid.UUID(int=0)],
            payload=["text", bytearray(b"x"), None],
            occurred_at=[datetime.datetime(2026, 1, 1), 1 << 63],
            deliver_at=[-(1 << 63) - 1],
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
        self.assertNotEqual(event_id_from_key("acme", "order-42"), event_id_from_key("acm", "eorder-42"))

    def test_the_webhook_id(self):
        id = uuid.UUID(hex="0198a0b1c2d3e4f50617283940516273")
        self.assertEqual(webhook_id(id), "evt_0198a0b1c2d3e4f50617283940516273")
