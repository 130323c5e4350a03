"""`renglon init`: a file of settings in which each is explained and none is set."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

from pydantic_core import PydanticUndefined

from rag.errors import RenglonError
from rag.settings import Settings

_HEAD = """\
# Settings of Renglon. Remove the "#" before a line and change what stands behind the "=".
# The file is read when RENGLON_ENV_FILE names it; a variable of the environment wins over it.
"""


def write(path: Path) -> None:
    """Write the file, readable by its owner alone, since it may come to hold keys. Raises RenglonError."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise RenglonError(f"{path} is there already.", "Name another file: renglon init FILE") from error
    except OSError as error:
        raise RenglonError(f"{path} can't be written: {error.strerror}.", "Name another file.") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text())


def text() -> str:
    """The file's content."""
    parts = [_HEAD]
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, PydanticUndefined) else str(field.default)
        said = textwrap.wrap(field.description or "", 100, initial_indent="# ", subsequent_indent="# ")
        # A value that begins or ends with a space needs its quotes.
        shown = f'"{default}"' if default != default.strip() else default
        parts.append("\n".join([*said, f"# RENGLON_{name.upper()}={shown}"]) + "\n")
    return "\n".join(parts)
