"""What the encoder's lower layers make of texts: computed once, since these layers are not trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from index.model.bert import Bert, batches
from rag.reading.network import LOWER

BATCH_TOKENS = 4096  # tokens that are computed at once


@dataclass
class Read:
    """Tokens of many texts: `states` (tokens of all, width) in bf16, `firsts` (texts + 1), `offsets` (tokens, 2) in
    characters of the text without its prompt, and `vectors` (texts, width), the encoder's own."""

    states: Tensor
    firsts: np.ndarray
    offsets: np.ndarray
    vectors: np.ndarray

    def __add__(self, other: Read) -> Read:
        """The texts of both, these first."""
        return Read(
            torch.cat([self.states, other.states]),
            np.concatenate([self.firsts, other.firsts[1:] + self.firsts[-1]]),
            np.concatenate([self.offsets, other.offsets]),
            np.concatenate([self.vectors, other.vectors]),
        )


class LowerLayers:
    """The encoder of a folder: its lower layers, and its vectors. Raises ValueError for a folder of another kind."""

    def __init__(self, folder: Path) -> None:
        bert = Bert.of(folder)
        if bert is None:
            raise ValueError(f"{folder} holds no model of the bundled one's kind")
        self._bert, self.weights = bert, bert.weights

    def read(self, texts: Sequence[str], prompt: str, vectors: bool = True) -> Read:
        """States after LOWER layers of every text, and the texts' vectors (zeros without `vectors`)."""
        prompted = [prompt + text for text in texts]
        tokens = self._bert.tokens(prompted)
        lengths = [len(one.ids) for one in tokens]
        firsts = np.concatenate([[0], np.cumsum(lengths)])
        states = torch.zeros(int(firsts[-1]), self._bert.dimension, dtype=torch.bfloat16)
        for number, rows in enumerate(batches(lengths, BATCH_TOKENS)):
            made = self._bert.run(self._bert.batch([tokens[i] for i in rows]), True, LOWER)
            for k, i in enumerate(rows):
                states[firsts[i] : firsts[i + 1]] = made[k, : lengths[i]]
            if number % 50 == 0:
                print(f"read {len(rows)} more of {len(texts)}", flush=True)
        means = (
            self._bert.vectors(prompted, True) if vectors else np.zeros((len(texts), self._bert.dimension), np.float32)
        )
        offsets = np.concatenate([one.offsets for one in tokens]) - len(prompt)
        return Read(states, firsts, offsets, means)
