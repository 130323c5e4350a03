"""Where the database is: its URL as libpq reads it, checked, and named without a password."""

from __future__ import annotations

from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from rag.errors import DatabaseUnusable

CONNECT_S = 3
SCHEMES = ("postgresql://", "postgres://")


def conninfo(url: str) -> str:
    """The URL as a connection string, with limits of its own where the URL sets none. Raises DatabaseUnusable."""
    if not url.startswith(SCHEMES):
        raise DatabaseUnusable(
            "RENGLON_DATABASE_URL is no PostgreSQL address.", "Set it to postgresql://USER@HOST:PORT/DATABASE."
        )
    try:
        given = conninfo_to_dict(url)
    except ProgrammingError:  # its words may repeat the URL, and with it a password
        raise DatabaseUnusable(
            "RENGLON_DATABASE_URL can't be read.",
            "Set it to postgresql://USER@HOST:PORT/DATABASE; write special characters of a password as %XX.",
        ) from None
    # A peer that is gone shows within seconds, not after the two hours that the system waits by itself.
    limits: dict[str, Any] = {
        "connect_timeout": CONNECT_S, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3,
        "tcp_user_timeout": 10_000, "application_name": "renglon",
    }  # fmt: skip
    return make_conninfo("", **{**limits, **given})


def shown(url: str) -> str:
    """The database as messages name it: host, port and name, never user or password."""
    try:
        given: dict[str, Any] = conninfo_to_dict(url)
    except ProgrammingError:
        return "the database"
    return f"the database {given.get('dbname', '')!s} at {given.get('host', 'localhost')}:{given.get('port', 5432)}"
