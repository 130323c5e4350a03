"""The type of vectors: rows of float32, of unit length unless a docstring says otherwise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
