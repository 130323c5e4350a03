"""Gold: which lines of the five articles are boilerplate."""

from __future__ import annotations

# Lines of the five articles that are no part of their text, found by reading them.
SEED_LINES: dict[str, set[int]] = {
    "000_60289b1f0715d09a.txt": {35},
    "001_b66ed88974733697.txt": set(),
    "002_1044bc92f2743a46.txt": {43, 45, 47, 49},
    "003_aea391b7b29aaf7b.txt": {1, 39, 40},
    "004_6b36a17d40a337a5.txt": {15, 16, 17, 18, 19, 20},
}
