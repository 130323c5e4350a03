"""Which API keys there are, what each of them opens, and how often a client may be wrong."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

from starlette.types import Scope

from rag.errors import KeyRequired, NotAllowed, TooManyWrongKeys
from rag.settings import Settings

WRONG_A_MINUTE = 20  # by hand nobody is wrong that often; a key of 16 random letters stays unguessed for ever
MINUTE_S = 60.0
MOST_CLIENTS = 4096  # remembered with their wrong keys; the one that is longest ago is forgotten first
# What asks and changes nothing.
READING = frozenset(
    {"/v1/query", "/v1/search", "/v1/batch", "/v1/exports", "/v1/citations/verify", "/v1/chat/completions", "/mcp"}
)
READS = frozenset({"GET", "HEAD", "OPTIONS"})
log = logging.getLogger("renglon")


class WrongKeys:
    """Counts the wrong keys of each client within a minute. Used from the event loop alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counts)

    def require_few(self, client: str) -> None:
        """Raise TooManyWrongKeys when no further key of this client is looked at, the right one included."""
        since, count = self._counts.get(client, (0.0, 0))
        if count >= WRONG_A_MINUTE and self._clock() < since + MINUTE_S:
            raise TooManyWrongKeys(
                f"{WRONG_A_MINUTE} wrong API keys came from this address within a minute.", "Try again in a minute."
            )

    def add(self, client: str) -> None:
        """Count a wrong key."""
        now = self._clock()
        since, count = self._counts.pop(client, (now, 0))
        if now >= since + MINUTE_S:
            since, count = now, 0
        self._counts[client] = since, count + 1
        if count + 1 == WRONG_A_MINUTE:
            log.warning(
                "%d wrong API keys from %s within a minute; it is refused for the rest of it", count + 1, client
            )
        if len(self._counts) > MOST_CLIENTS:
            self._counts.popitem(last=False)


class Keys:
    """The keys of the settings: those for everything, and those that only read."""

    def __init__(self, settings: Settings) -> None:
        self._full, self._reading = _digests(settings.api_keys), _digests(settings.read_keys)
        self._wrong = WrongKeys()

    def __bool__(self) -> bool:
        return bool(self._full or self._reading)

    def check(self, scope: Scope, authorization: str) -> None:
        """Let a request pass whose key opens its route. Raises KeyRequired, TooManyWrongKeys, NotAllowed."""
        scheme, _, given = authorization.partition(" ")
        given = given.strip()
        if scheme.lower() != "bearer" or not given:
            raise KeyRequired("This service asks for its API key.", _SEND)
        client = _client(scope)
        self._wrong.require_few(client)
        digest = hashlib.sha256(given.encode("latin-1", "replace")).digest()
        full, reading = _among(digest, self._full), _among(digest, self._reading)
        if not full and not reading:
            self._wrong.add(client)
            raise KeyRequired("The API key is not the right one.", _SEND)
        if not full and scope["method"] not in READS and scope["path"] not in READING:
            raise NotAllowed("This API key only reads.", "Changes need a key of RENGLON_API_KEY.")


_SEND = "Send the header Authorization: Bearer KEY (RENGLON_API_KEY)."


def _digests(keys: Iterable[str]) -> list[bytes]:
    return [hashlib.sha256(key.encode()).digest() for key in keys]


def _among(digest: bytes, digests: list[bytes]) -> bool:
    """Whether a key is one of several; the time that it takes tells neither which one nor how much of it is right."""
    return any([hmac.compare_digest(digest, one) for one in digests])  # noqa: C419


def _client(scope: Scope) -> str:
    """The address that wrong keys are counted for; of IPv6 the network, since one client has all addresses of it."""
    host = (scope.get("client") or ("",))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host)[:100]
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return host
