"""Encoders that are the bundled one with a difference, and tiny ones for tests in which vectors don't matter."""

from __future__ import annotations

import threading
import zlib
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


class Tiny(Encoder):
    """Needs no model: a text's vector counts its words by their checksums."""

    def __init__(self, dimension: int = 32) -> None:
        self.name, self.revision, self.dimension = "tiny", "1", dimension

    def lower_layers(self) -> None:
        """There are none, so that answers are chosen without a reader."""

    def encode_query(self, question: str) -> Any:
        return self.encode_passages([question])[0]

    def encode_queries(self, questions: Any) -> Any:
        return self.encode_passages(questions)

    def encode_passages(self, texts: Any, progress: Any = None) -> Any:
        vectors = np.full((len(texts), self.dimension), 0.01, np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            for word in text.lower().split():
                vector[zlib.crc32(word.encode()) % self.dimension] += 1
            vector /= np.linalg.norm(vector)
        return vectors

    def encode_documents(self, passages: Any, progress: Any = None) -> Any:
        sentences = [text[a:b] for text, spans in passages for a, b in spans]
        vectors = self.encode_passages([text for text, _ in passages]), self.encode_passages(sentences)
        if progress:
            progress(len(passages) + len(sentences))
        return vectors


class Held(Tiny):
    """Tiny, and waits at `gate` while it embeds documents."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.reached = threading.Event(), threading.Event()
        self.gate.set()
        self._word = ""

    def hold_at(self, word: str) -> None:
        """Close the gate for texts that hold a word."""
        self._word = word
        self.gate.clear()

    def encode_documents(self, passages: Any, progress: Any = None) -> Any:
        passages = list(passages)
        if any(self._word in text for text, _ in passages):
            self.reached.set()
            assert self.gate.wait(120)
        return super().encode_documents(passages, progress)


class Asked(Tiny):
    """Tiny, and waits at `gate` while it embeds a question."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.reached = threading.Event(), threading.Event()
        self.gate.set()

    def encode_query(self, question: str) -> Any:
        self.reached.set()
        assert self.gate.wait(120)
        return super().encode_query(question)


class Slow(Tiny):
    """Tiny, and waits at `gate` while it embeds a question; `inside` counts those that wait there."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.inside = threading.Event(), threading.Semaphore(0)
        self.gate.set()

    def encode_query(self, question: str) -> Any:
        self.inside.release()
        assert self.gate.wait(120)
        return super().encode_query(question)


class Panic(BaseException):
    """What a library written in Rust raises: no Exception."""


class Panicking(Tiny):
    """Tiny, but its first embedding of documents panics."""

    panicked = False

    def encode_documents(self, passages: Any, progress: Any = None) -> Any:
        if not self.panicked:
            self.panicked = True
            raise Panic("called `Option::unwrap()` on a `None` value")
        return super().encode_documents(passages, progress)
