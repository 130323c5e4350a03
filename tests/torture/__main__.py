"""`python -m tests.torture`, which is `make torture`."""

from __future__ import annotations

import sys

from tests.torture.torture import main

sys.exit(main())
