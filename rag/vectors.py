"""The type of vectors: rows of float32, of unit length unless a docstring says otherwise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]


def unit(vectors: Vectors) -> Vectors:
    """Each row at unit length; a row of zeros stays one."""
    made: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return made
