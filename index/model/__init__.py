"""The encoder that turns text into vectors, and the bundled weights."""

import os

# PyTorch's threads wait for each other by spinning, for milliseconds unless they are told otherwise (libgomp).
# Where other programs use the processors too, they spin while the one that they wait for can't run: an answer took
# 1.1 seconds then, and .4 with this. On a quiet machine it is as fast (76 ms both) and takes less processor time.
# Read once, when PyTorch is first imported.
os.environ.setdefault("GOMP_SPINCOUNT", "20000")
