"""One place for status codes: Protocol.md."""

import re
import unittest

from needletail import Status, StatusClass

from .support.places import PROTOCOL_PAGE


class StatusTests(unittest.TestCase):
    def test_the_table_is_that_of_the_protocol(self):
        rows = re.findall(r"^\| ([0-9A-F]{4}) \| ([A-Z_]+) \|", PROTOCOL_PAGE.read_text(), re.MULTILINE)
        self.assertGreater(len(rows), 20)
        self.assertEqual([(f"{status.value:04X}", status.name) for status in Status], rows)

    def test_an_unknown_code_has_its_class(self):
        status = Status(0x03FE)
        self.assertEqual((status.name, status.status_class, int(status)), ("UNKNOWN_03FE", StatusClass.REFUSED, 0x03FE))
        self.assertEqual(repr(status), "<Status.UNKNOWN_03FE: 1022>")
        self.assertNotIn(0x03FE, list(Status))

    def test_an_unknown_class_is_none(self):
        self.assertIsNone(Status(0x0500).status_class)

    def test_an_invalid_code_is_refused(self):
        for code in (-1, 0x10000, "ACCEPTED"):
            with self.assertRaises(ValueError):
                Status(code)
