"""CRC32C by every backend."""

import functools
import random
import unittest

from needletail import checksum, folding

from .support.vectors import all_vectors

GENERATOR = 0x11EDC6F41


def divided(data):
    """CRC32C bit by bit, straight from its definition."""
    remainder = 0xFFFFFFFF
    for byte in data:
        remainder ^= byte
        for _ in range(8):
            remainder = (remainder >> 1) ^ (0x82F63B78 if remainder & 1 else 0)
    return remainder ^ 0xFFFFFFFF


@functools.lru_cache(maxsize=None)
def power(exponent):
    """x to the exponent, modulo the generator."""
    value = 1
    for bit in bin(exponent)[2:]:
        squared = 0
        for place in range(value.bit_length()):
            if value >> place & 1:
                squared ^= 1 << 2 * place
        if bit == "1":
            squared <<= 1
        while squared.bit_length() > 32:
            squared ^= GENERATOR << (squared.bit_length() - 33)
        value = squared
    return value


class FoldingTests(unittest.TestCase):
    # RFC 3720, appendix B.4.
    KNOWN = {
        bytes(32): 0x8A9136AA,
        b"\xff" * 32: 0x62A8AB43,
        bytes(range(32)): 0x46DD794E,
        bytes(range(31, -1, -1)): 0x113FDB5C,
        b"123456789": 0xE3069283,
        b"": 0,
    }

    def test_known_values(self):
        for data, sum in self.KNOWN.items():
            for backend in (folding.crc32c_by_table, folding.crc32c_by_folding, checksum.crc32c):
                self.assertEqual(backend(data), sum)

    def test_every_multiple_is_one(self):
        """1 + y^a + … is a multiple in y = 1/x when x^c + x^(c-a) + … + 1 is one in x."""
        for exponents in folding.SPARSE_MULTIPLES:
            highest = exponents[-1]
            terms = [power(highest)] + [power(highest - exponent) for exponent in exponents]
            self.assertEqual(functools.reduce(lambda a, b: a ^ b, terms), 0, exponents)

    def test_every_length_up_to_past_the_first_rungs(self):
        data = random.Random(1).randbytes(3000)
        for size in range(0, 3000, 7):
            self.assertEqual(folding.crc32c_by_folding(data[:size]), folding.crc32c_by_table(data[:size]), size)

    def test_lengths_around_every_rung(self):
        chance = random.Random(2)
        for exponents in folding.LADDER:
            if exponents[-1] < 200_000:
                for size in range(exponents[-1] // 8 - 2, exponents[-1] // 8 + 3):
                    data = chance.randbytes(size)
                    self.assertEqual(folding.crc32c_by_folding(data), folding.crc32c_by_table(data), size)

    def test_a_whole_window(self):
        data = random.Random(3).randbytes(1 << 20)
        self.assertEqual(folding.crc32c_by_folding(data), folding.crc32c_by_table(data))

    def test_zeros_and_ones(self):
        for data in (bytes(5000), b"\xff" * 5000):
            self.assertEqual(folding.crc32c_by_folding(data), divided(data))


class BackendTests(unittest.TestCase):
    def tearDown(self):
        checksum.use(self.before)

    def setUp(self):
        self.before = checksum.backend

    def test_all_that_are_installed_agree(self):
        bodies = [vector.bytes for vector in all_vectors("frame")] + [random.Random(4).randbytes(70_000)]
        for name in checksum.BACKENDS:
            function = checksum.load(name)
            if function is not None:
                for body in bodies:
                    self.assertEqual(function(body), folding.crc32c_by_table(body), name)

    def test_the_pure_one_is_always_there(self):
        checksum.use("folding")
        self.assertEqual(checksum.backend, "folding")
        self.assertEqual(checksum.crc32c(b"123456789"), 0xE3069283)

    def test_an_unknown_one_is_refused(self):
        with self.assertRaisesRegex(ValueError, "folding"):
            checksum.use("abacus")
