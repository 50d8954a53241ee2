"""The frame vectors: bytes, and what they mean."""

import json

from .places import VECTORS


class Vector:
    def __init__(self, name):
        self.name = name
        self.meaning = json.loads((VECTORS / f"{name}.json").read_text())
        lines = (VECTORS / f"{name}.hex").read_text().splitlines()
        self.bytes = bytes.fromhex("".join(line.split("#")[0] for line in lines))

    @property
    def type(self):
        return self.meaning.get("type")

    @property
    def request_id(self):
        return self.meaning.get("request_id", 0)

    @property
    def fields(self):
        return self.meaning["fields"]


def all_vectors(kind):
    names = sorted(path.stem for path in VECTORS.glob("*.json"))
    assert len(names) > 50, f"the frame vectors are missing from {VECTORS}"
    return [vector for vector in map(Vector, names) if vector.meaning["kind"] == kind]
