"""From an address to a connected socket, and from the system's errors to ours."""

from __future__ import annotations

import os
import socket
import ssl

from .errors import ConnectionFailed, ConnectionLost, ConnectionTimeout, TLSFailed, Unreachable
from .settings import Address, Settings


def connect(address: Address, settings: Settings) -> socket.socket:
    """A connected socket, with TLS if configured. Blocks at most `connect_timeout` for each step.

    :raises ConnectionFailed: no connection could be made.
    """
    timeout = settings.options.connect_timeout
    try:
        if address.path:
            return _connect_unix(address.path, timeout)
        plain = socket.create_connection((address.host, address.port), timeout)
    except OSError as error:
        raise connect_failure(address, error, timeout) from error
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if settings.ssl_context is None:
            return plain
        return settings.ssl_context.wrap_socket(plain, server_hostname=address.host)
    except OSError as error:
        plain.close()
        raise connect_failure(address, error, timeout) from error


def _connect_unix(path: str, timeout: float) -> socket.socket:
    plain = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        plain.settimeout(timeout)
        plain.connect(path)
    except OSError:
        plain.close()
        raise
    return plain


def connect_failure(address: Address, error: BaseException, timeout: float) -> ConnectionFailed:
    """Why there is no connection."""
    if isinstance(error, ssl.SSLError):
        return TLSFailed(f"no TLS with {address}: {_reason(error)}")
    if isinstance(error, (TimeoutError, socket.timeout)):
        return ConnectionTimeout(f"no connection to {address} within {timeout:g} s")
    return Unreachable(address, _reason(error))


def end_of(address: Address, error: BaseException | None) -> ConnectionFailed:
    """Why a connection ended."""
    if error is None or isinstance(error, (ssl.SSLZeroReturnError, ssl.SSLEOFError)):
        return ConnectionLost(f"the connection to {address} was lost: the server closed it")
    if isinstance(error, ssl.SSLError):
        return TLSFailed(f"TLS with {address} failed: {_reason(error)}")
    return ConnectionLost(f"the connection to {address} was lost: {_reason(error)}")


def _reason(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError):
        return error.reason or str(error)
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        # asyncio puts its own text into strerror.
        return os.strerror(error.errno).lower()
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
