"""Encoders that are the bundled one with a difference."""

from __future__ import annotations

from typing import Any

import numpy as np

from index.model.encoder import Encoder


class Turned(Encoder):
    """Another model: E5's vectors in another order of dimensions, which no vector of E5's can be compared with."""

    def __init__(self, encoder: Encoder) -> None:
        self.__dict__.update(encoder.__dict__)
        self.name, self._encoder = "turned", encoder

    def encode_documents(self, passages, progress=None):  # type: ignore[no-untyped-def]
        return tuple(np.ascontiguousarray(part[:, ::-1]) for part in self._encoder.encode_documents(passages))

    def encode_query(self, question: str):  # type: ignore[no-untyped-def]
        return np.ascontiguousarray(self._encoder.encode_query(question)[::-1])


class Counting(Encoder):
    """The same model, counting what it is given."""

    def __init__(self, encoder: Encoder) -> None:
        self.__dict__.update(encoder.__dict__)
        self.passages = 0

    def encode_documents(self, texts: Any, *rest: Any) -> Any:
        self.passages += len(texts)
        return super().encode_documents(texts, *rest)
