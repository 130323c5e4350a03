"""The terminal: what is printed on it was often written by others."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich import console

from rag.printable import printable, printable_json


class Console(console.Console):
    """Rich's console; control characters in the texts that it gets are written as escapes."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print texts and whatever else Rich shows."""
        super().print(*(printable(one) if isinstance(one, str) else one for one in objects), **options)


def write(text: str) -> None:
    """Write a text on standard output; into a file or another program it goes as it is."""
    sys.stdout.write(printable(text) if sys.stdout.isatty() else text)


def print_json(data: Any) -> None:
    """Print data as JSON on standard output."""
    sys.stdout.write(printable_json(json.dumps(data, ensure_ascii=False, indent=2)) + "\n")
