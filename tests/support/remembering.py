"""An encoder that embeds each text of a small pool once, so that thousands of short lives need no model."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from index.corpus.documents import SourceText
from index.corpus.passages import split
from index.model.encoder import Encoder
from rag.vectors import Vectors

SENTENCES = [
    "El puente de Triana se abrió en 1852.", "La biblioteca cierra los lunes por la tarde.",
    "Kim viajó en tren blindado hasta Vladivostok.", "Los contenedores llegaron en un barco ruso.",
    "La embajada publicó una nota de protesta.", "El río creció tres metros en una noche.",
    "Marta Ruiz dirige el museo desde 2011.", "La cosecha de aceituna cayó a la mitad.",
]  # fmt: skip


TEXTS = [*SENTENCES, *(f"{a}\n\n{b}" for a, b in zip(SENTENCES, SENTENCES[3:] + SENTENCES[:3], strict=True))]


class Remembering(Encoder):
    """An encoder that embeds each text once, and can be had in another process without the model."""

    def __init__(self, encoder: Encoder) -> None:
        self.__dict__.update(encoder.__dict__)
        self._documents: dict[str, tuple[Vectors, Vectors]] = {}
        self._questions: dict[str, Vectors] = {}

    def encode_documents(
        self, passages: Sequence[tuple[str, Sequence[tuple[int, int]]]], progress: Callable[[int], None] | None = None
    ) -> tuple[Vectors, Vectors]:
        for text, spans in passages:
            if text not in self._documents:
                self._documents[text] = super().encode_documents([(text, spans)])
        found = [self._documents[text] for text, _ in passages]
        return np.concatenate([a for a, _ in found]), np.concatenate([b for _, b in found])

    def lower_layers(self) -> None:
        """No reader: in another process there is no model to put it on."""

    def encode_query(self, question: str) -> Vectors:
        if question not in self._questions:
            self._questions[question] = super().encode_query(question)
        return self._questions[question]

    def learn(self, path: Path) -> None:
        """Embed the whole pool, and keep it in a file."""
        for text in TEXTS:
            source = SourceText(text)
            for passage in split(source):
                start, end = passage.span.char_start, passage.span.char_end
                spans = [(s.char_start - start, s.char_end - start) for s in passage.sentences]
                self.encode_documents([(text[start:end], spans)])
        for sentence in [*SENTENCES, "warm"]:
            self.encode_query(sentence)
        self.keep(path)

    def keep(self, path: Path) -> None:
        """Keep what was embedded so far in a file."""
        known = {name: getattr(self, name) for name in ("name", "revision", "dimension", "_documents", "_questions")}
        path.write_bytes(pickle.dumps(known))

    @classmethod
    def recall(cls, path: Path) -> Remembering:
        """What `learn` kept."""
        found = cls.__new__(cls)
        found.__dict__.update(pickle.loads(path.read_bytes()))
        return found
