"""Where the servers are, which key is used, and how the publisher behaves."""

from __future__ import annotations

import dataclasses
import ssl
from typing import NamedTuple, Optional, Sequence, Union

DEFAULT_PORT = 7400
ALPN = "needletail/1"
#: Bytes of key and name together: preface and HELLO have at most 4,096 (3.4), 42 of them before and between these two.
_LONGEST_TEXTS = 4096 - 42


class Address(NamedTuple):
    """A TCP address, or the path of a Unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> Address:
        """Reads ``host``, ``host:port``, ``[v6]:port`` or ``unix:/path``.

        :raises ValueError: it has none of these forms.
        """
        if text.startswith("unix:"):
            if len(text) == len("unix:"):
                raise ValueError(f"address {text!r}: a path is missing after unix:")
            return cls(path=text[len("unix:") :])
        host, port = text, str(DEFAULT_PORT)
        if text.startswith("["):
            host, bracket, rest = text[1:].partition("]")
            if not bracket or (rest and not rest.startswith(":")):
                raise ValueError(f"address {text!r}: not [v6]:port")
            port = rest[1:] or port
        elif text.count(":") == 1:
            host, _, port = text.partition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ValueError(f"address {text!r}: not host:port, [v6]:port or unix:/path")
        return cls(host, int(port))

    def __str__(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclasses.dataclass(frozen=True)
class Options:
    """How a publisher behaves. Times are in seconds."""

    #: How long an event that does not fill a batch waits for others. 0: no artificial delay; events that wait while a
    #: frame is in flight form the next batch.
    linger: float = 0.0
    #: A batch with this many events or bytes is sent at once, also while others are in flight, as far as the window
    #: allows.
    batch_events: int = 1_000
    batch_bytes: int = 512 * 1024
    #: The most events and bytes without an answer in this process. While a limit is reached, publishing waits.
    max_pending_events: int = 65_536
    max_pending_bytes: int = 64 * 1024 * 1024
    #: The most events in flight, if fewer than the server's window are wanted.
    window_events: Optional[int] = None
    #: From the call to its receipt, including retries and reconnects; None: for ever.
    publish_timeout: Optional[float] = 120.0
    #: Until the connection is established, including TLS; and from then until WELCOME.
    connect_timeout: float = 5.0
    welcome_timeout: float = 10.0
    #: A connection that owes an answer and is silent for this long is abandoned.
    answer_timeout: float = 30.0
    #: Silence after which a PING is sent to keep the connection. A third of the server's idle timeout if that is less.
    keep_alive: float = 10.0
    #: The n-th reconnect waits a random time up to ``backoff_initial`` doubled n times, at most ``backoff_most``.
    backoff_initial: float = 0.05
    backoff_most: float = 5.0
    #: How long the end of the program, or an interrupted ``with`` block, waits for answers. 0: not at all.
    exit_timeout: float = 10.0

    def __post_init__(self) -> None:
        for name in ("batch_events", "batch_bytes", "max_pending_events", "max_pending_bytes"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)}, expected at least 1")
        if self.window_events is not None and self.window_events < 1:
            raise ValueError(f"window_events: {self.window_events}, expected at least 1")
        for name in ("linger", "exit_timeout"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name}: {getattr(self, name)}, expected 0 or more")
        for name in ("connect_timeout", "welcome_timeout", "answer_timeout", "keep_alive", "backoff_initial", "backoff_most"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name}: {getattr(self, name)}, expected more than 0")


@dataclasses.dataclass(frozen=True)
class Settings:
    """All settings of a publisher."""

    addresses: tuple[Address, ...]
    api_key: str = dataclasses.field(repr=False)
    client_name: str = "needletail-python"
    #: For TCP addresses; Unix sockets are never wrapped. Its ALPN is set to ``needletail/1``.
    ssl_context: Optional[ssl.SSLContext] = None
    options: Options = dataclasses.field(default_factory=Options)

    @classmethod
    def of(
        cls,
        addresses: Union[str, Sequence[str]],
        api_key: str,
        client_name: str,
        ssl_context: Optional[ssl.SSLContext],
        options: Optional[Options],
    ) -> Settings:
        """:raises ValueError: a setting is invalid."""
        texts = [addresses] if isinstance(addresses, str) else list(addresses)
        if not texts:
            raise ValueError("addresses: expected at least one")
        if not api_key:
            raise ValueError("api_key: empty")
        if len(api_key.encode()) + len(client_name.encode()) > _LONGEST_TEXTS:
            raise ValueError(f"api_key and client_name: longer than {_LONGEST_TEXTS} bytes together")
        if ssl_context is not None:
            ssl_context.set_alpn_protocols([ALPN])
        parsed = tuple(Address.parse(text) for text in texts)
        return cls(parsed, api_key, client_name, ssl_context, options or Options())


def tls_context(
    ca_file: Optional[str] = None, certificate: Optional[str] = None, key: Optional[str] = None
) -> ssl.SSLContext:
    """A context for TLS 1.2 and later that checks the server's name and certificate.

    :param ca_file: PEM of the authorities to trust; None: the system's.
    :param certificate: PEM of our own certificate chain, if the server requires one.
    :param key: PEM of its key; None: it is in ``certificate`` too.
    :raises OSError: a file cannot be read or used.
    """
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context
