"""CRC32C of long inputs in pure Python, about twenty times faster than a table of bytes.

A table costs CPython about 100 ns for each byte. Here the whole input is one ``int``, and its remainder is found with a
few shifts and XORs of long ints, which run in C.

The input's bytes, read as a little-endian int, are a polynomial over GF(2): bit 0 has the highest power, because CRC32C is
reflected. If the generator divides 1 + y^a + y^b + y^c (y is 1/x), the lowest s <= a bits may be removed if they are added
again a, b and c places higher: the remainder does not change, and the int is s bits shorter. Such sparse multiples with a
close to c shorten an int nearly to c bits in one step. Their squares are multiples too (1 + y^2a + y^2b + y^2c), so three
of them cover every length. Multiples of four terms do not exist below degree 5,276 (the code's Hamming distance is 6
there: Koopman, "32-Bit Cyclic Redundancy Codes for Internet Applications", DSN 2002), so multiples of six terms are used
below that. The last 25 to 30 bytes are left to the table.

The multiples were found by searching the powers of y for sums that give 1; a test divides them by the generator.
"""

from __future__ import annotations

#: CRC32C's generator, reflected, without its highest term (RFC 3720, section 12.1).
POLYNOMIAL = 0x82F63B78

#: Exponents whose powers of y add up to 1. The exponents of each list are close together, and no list is twice another.
SPARSE_MULTIPLES: tuple[tuple[int, ...], ...] = (
    (6293, 6677, 6777),
    (8965, 9432, 10269),
    (4323, 5259, 5685),
    (154, 177, 183, 258, 290),
    (123, 145, 178, 195, 266),
)

#: Inputs shorter than this many bytes are faster with the table.
SHORTEST = 128


def _table() -> tuple[int, ...]:
    rows = []
    for row in range(256):
        for _ in range(8):
            row = (row >> 1) ^ (POLYNOMIAL if row & 1 else 0)
        rows.append(row)
    return tuple(rows)


TABLE = _table()


def _ladder(bits: int) -> list[tuple[int, ...]]:
    """Multiples and their squares up to a degree, the longest first."""
    rungs = []
    for exponents in SPARSE_MULTIPLES:
        while exponents[-1] < bits:
            rungs.append(exponents)
            exponents = tuple(exponent * 2 for exponent in exponents)
    # Six terms cost more than four: above the first four-term multiple they are not needed.
    shortest = min(rung[-1] for rung in SPARSE_MULTIPLES if len(rung) == 3)
    useful = [rung for rung in rungs if len(rung) == 3 or rung[-1] < shortest]
    return sorted(useful, key=lambda rung: -rung[-1])


#: For inputs up to 128 MiB; longer ones take more steps with the first multiple.
LADDER = _ladder(1 << 30)


def crc32c_by_table(data: bytes) -> int:
    """CRC32C, byte by byte."""
    return _continued(data, 0xFFFFFFFF)


def crc32c_by_folding(data: bytes) -> int:
    """CRC32C, folded by sparse multiples of the generator."""
    bits = len(data) * 8
    if bits < SHORTEST * 8:
        return _continued(data, 0xFFFFFFFF)
    number = int.from_bytes(data, "little") ^ 0xFFFFFFFF
    for exponents in LADDER:
        excess = bits - exponents[-1]
        while excess >= 8:
            step = min(exponents[0], excess) & ~7
            low = number & ((1 << step) - 1)
            folded = 0
            for exponent in exponents:
                folded ^= low << (exponent - step)
            number = (number >> step) ^ folded
            bits -= step
            excess -= step
    return _continued(number.to_bytes(bits >> 3, "little"), 0)


def _continued(data: bytes, remainder: int) -> int:
    table = TABLE
    for byte in data:
        remainder = table[(remainder ^ byte) & 0xFF] ^ (remainder >> 8)
    return remainder ^ 0xFFFFFFFF
