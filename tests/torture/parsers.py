"""`python -m tests.torture.parsers`: hypothesis on the parsers of replies and events, at length."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.parsers import EVENTS, REPLIES, check_events, check_reply


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; what hypothesis finds is raised, with the example that shows it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=100_000, help="of each parser")
    options = parser.parse_args(arguments)
    often = settings(
        max_examples=options.examples, deadline=None, database=None, phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    for name, check in {
        "replies": often(given(REPLIES, st.integers(1, 9))(check_reply)),
        "events": often(given(EVENTS)(check_events)),
    }.items():
        began = time.monotonic()
        check()
        print(f"{name}: {options.examples:,} examples in {time.monotonic() - began:.0f} s, none failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
