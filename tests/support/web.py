"""The HTTP client of the tests."""

from __future__ import annotations

import httpx

# One for all: `httpx.get` makes an SSL context for each call, 24 ms of processor time. Each request still has a
# connection of its own, as most programs' have; 60 s, because a busy machine is not a failure.
web = httpx.Client(timeout=60, limits=httpx.Limits(max_keepalive_connections=0))
