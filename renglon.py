"""The command `renglon`: makes sure that the packages it is about to import are Renglón's own.

The wheel puts four common names at the top of site-packages: `rag`, `index`, `api` and `eval`. Where another package
holds one of them, a plain import fails in a way that nobody understands, or runs somebody else's code.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

NAMES = ("rag", "index", "api", "eval")
ADVICE = "Install Renglón by itself, for instance with pipx or uv tool; see docs/install.md."


def taken() -> str | None:
    """What holds one of the names instead of Renglón, as a sentence; None when all four are its own."""
    here = Path(__file__).resolve().parent
    for name in NAMES:
        try:
            spec = find_spec(name)
        except (ImportError, ValueError):
            spec = None
        place = _place(spec)
        if place != here:
            found = f"belongs to another package, in {place}" if place else "can't be found"
            return f"The Python package `{name}`, which is a part of Renglón, {found}."
    return None


def _place(spec: ModuleSpec | None) -> Path | None:
    """The folder that a package was found in."""
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).resolve().parent
    return Path(spec.origin).resolve().parent if spec.origin else None


def overwritten() -> str | None:
    """Another distribution that was installed over Renglón's files, as a sentence; None when there is none."""
    from importlib.metadata import packages_distributions

    owners = packages_distributions()
    for name in NAMES:
        others = sorted({owner for owner in owners.get(name, []) if owner.lower() != "renglon"})
        if others:
            return f"The package {others[0]} also installs `{name}`, and one of the two has overwritten the other."
    return None


def main() -> None:
    """Run the command line, or say in one sentence why that can't be done."""
    if why := taken():
        sys.exit(f"renglon: {why} {ADVICE}")
    try:
        from api.cli.commands import main as run
    except ImportError as error:
        if why := overwritten():
            sys.exit(f"renglon: {why} {ADVICE} ({error})")
        raise
    run()


if __name__ == "__main__":
    main()
