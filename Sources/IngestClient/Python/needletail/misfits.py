"""Finds what JSON cannot express in a value. Only used to explain a failure."""

from __future__ import annotations

import math
from typing import Any, Iterator, Optional

#: Lists and dicts that are looked at; a larger value is not explained.
_MOST_CONTAINERS = 100_000


def misfit(value: Any) -> Optional[str]:
    """The first part of the value that JSON has no form for, with its place: ``payload.prices[2]: nan …``. None: not found."""
    seen: set[int] = set()
    stack: list[tuple[str, Any]] = [("payload", value)]
    while stack and len(seen) < _MOST_CONTAINERS:
        place, part = stack.pop()
        reason = _reason(part)
        if reason:
            return f"{place}: {reason}"
        if isinstance(part, (dict, list, tuple)) and id(part) not in seen:
            # Once: a value may contain itself.
            seen.add(id(part))
            stack.extend(reversed(list(_parts(place, part))))
    return None


def _parts(place: str, part: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(part, dict):
        for name, value in part.items():
            if isinstance(name, (str, float)):
                yield f"a name in {place}", name
            elif not isinstance(name, (int, type(None))):
                yield f"a name in {place}", _Unfit(name)
            shown = name if isinstance(name, str) and name.isidentifier() else None
            yield (f"{place}.{shown}" if shown else f"{place}[{name!r}]"), value
    else:
        for index, value in enumerate(part):
            yield f"{place}[{index}]", value


class _Unfit:
    """A name that is neither text nor a number."""

    def __init__(self, name: object):
        self.name = name


def _reason(part: Any) -> Optional[str]:
    if isinstance(part, float) and not math.isfinite(part):
        return f"{part!r} is not a JSON number (RFC 8259 section 6)"
    if isinstance(part, str):
        try:
            part.encode()
        except UnicodeEncodeError:
            return f"{part!r} contains half a surrogate pair; expected Unicode text"
        return None
    if isinstance(part, _Unfit):
        return f"{part.name!r} of type {type(part.name).__name__} is no name; expected a str"
    if not isinstance(part, (dict, list, tuple, int, float, type(None))):
        return f"{type(part).__name__} has no form in JSON; expected dict, list, str, int, float, bool or None"
    return None
