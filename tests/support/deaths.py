"""A process that dies in the middle of a change, without a process: what is on the disk at that moment is kept.

`dying` counts the steps of a change (before and after each write to a projection, before each transaction of the
catalogue) and ends the change at one of them. A death of this kind costs milliseconds, so that thousands can be tried;
`tests/torture` kills real processes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any
from unittest.mock import patch

from index.storage.catalog import Catalog
from index.storage.dense import DenseIndex
from index.storage.lexical import LexicalIndex

WRITES = ((DenseIndex, "change"), (LexicalIndex, "change"), (Catalog, "replace"))


class Dies(BaseException):
    """The process ends here."""


class Death:
    """When a change ends, and where the copy of its data folder is from then on."""

    def __init__(self, folder: Path, steps: int) -> None:
        self._folder, self._left = folder, steps
        self.remains: Path | None = None

    def step(self) -> None:
        """Count a step; raise Dies when it is the last one, and ever after."""
        self._left -= 1
        if self._left < 0 and self.remains is None:
            self.remains = self._folder.with_name(self._folder.name + "-remains")
            shutil.copytree(self._folder, self.remains)
        if self.remains is not None:
            raise Dies


def _counted(write: Callable[..., Any], death: Death) -> Callable[..., Any]:
    @wraps(write)
    def counted(*args: Any, **kwargs: Any) -> Any:
        death.step()
        result = write(*args, **kwargs)
        if not write.__qualname__.startswith("Catalog"):
            death.step()
        return result

    return counted


@contextmanager
def dying(folder: Path, steps: int, writes: Sequence[tuple[type, str]] = WRITES) -> Iterator[Death]:
    """Within the block, changes of a data folder end with Dies after so many steps, which are these `writes`."""
    death = Death(folder, steps)
    with ExitStack() as stack:
        for owner, name in writes:
            stack.enter_context(patch.object(owner, name, _counted(getattr(owner, name), death)))
        yield death
