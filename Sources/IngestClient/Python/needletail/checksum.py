"""CRC32C by the fastest implementation that is installed.

In this order: the package ``google-crc32c``, the package ``crc32c``, ``crcmod`` with its C extension, and the module
``folding`` in pure Python. The first three run in C. ``folding`` needs nothing and is fast enough for tens of thousands of
events a second. The kernel's ``AF_ALG`` sockets are not used: many kernels and containers refuse them.
"""

from __future__ import annotations

import importlib
from typing import Callable, Optional

from .folding import crc32c_by_folding

Checksum = Callable[[bytes], int]


def _google() -> Optional[Checksum]:
    module = importlib.import_module("google_crc32c")
    # Without a wheel for the machine this package falls back to a loop over bytes.
    if module.implementation != "c":
        return None
    function: Checksum = module.value
    return function


def _crc32c() -> Optional[Checksum]:
    function: Checksum = importlib.import_module("crc32c").crc32c
    return function


def _crcmod() -> Optional[Checksum]:
    if not importlib.import_module("crcmod.crcmod")._usingExtension:
        return None
    function: Checksum = importlib.import_module("crcmod.predefined").mkPredefinedCrcFun("crc-32c")
    return function


def _folding() -> Optional[Checksum]:
    return crc32c_by_folding


BACKENDS: dict[str, Callable[[], Optional[Checksum]]] = {
    "google-crc32c": _google,
    "crc32c": _crc32c,
    "crcmod": _crcmod,
    "folding": _folding,
}


def load(backend: str) -> Optional[Checksum]:
    """The backend's function. None: it is not installed, is not the C version, or gives a wrong check value for
    CRC32C.
    """
    try:
        function = BACKENDS[backend]()
        # Another package may have the same name.
        return function if function is not None and function(b"123456789") == 0xE3069283 else None
    except (KeyError, ImportError, AttributeError, TypeError, ValueError):
        return None


def _first() -> tuple[str, Checksum]:
    for backend in BACKENDS:
        function = load(backend)
        if function is not None:
            return backend, function
    raise AssertionError("the pure backend is always there")


#: Which backend is in use, and CRC32C by it.
backend, crc32c = _first()


def use(name: str) -> None:
    """Switches to another backend, for measurements and tests. Running publishers use it too.

    :raises ValueError: the backend is not installed.
    """
    global backend, crc32c
    function = load(name)
    if function is None:
        raise ValueError(f"no CRC32C backend {name!r} is installed; the known ones are: {', '.join(BACKENDS)}")
    backend, crc32c = name, function
