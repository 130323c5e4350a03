"""What the search libraries raise when their files are broken becomes one error of Renglón's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rag.errors import ProjectionDamaged, RenglonError

MEND = "It is rebuilt from the catalogue by itself; at once with: renglon doctor --fix"


@contextmanager
def as_damage(what: str) -> Iterator[None]:
    """Raise ProjectionDamaged for whatever a search library raises: its own errors, SQLite's, Rust's panics.

    A panic is no `Exception`, hence the wide net.
    """
    try:
        yield
    except (RenglonError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        raise ProjectionDamaged(f"{what}: {error}.", MEND) from error
