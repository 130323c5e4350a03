"""The encoder's lower layers, on their own: what a reader's trained layers are put on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from index.model.bert import batches
from rag.reading.network import LOWER

if TYPE_CHECKING:
    from index.model.bert import Bert

BATCH_TOKENS = 2048  # tokens that are computed at once: a few passages


class LowerLayers:
    """Reads questions and passages apart, with an encoder's tokenizer, word table and first layers (shared with it)."""

    def __init__(self, bert: Bert, prompts: tuple[str, str], bf16: bool) -> None:
        self._bert, self.weights = bert, bert.weights
        self._prompts = {True: prompts[0], False: prompts[1]}
        self.bf16 = bf16

    def states(self, texts: Sequence[str], question: bool) -> list[tuple[Tensor, np.ndarray[Any, Any]]]:
        """For each text its states after the lower layers (tokens, width), in bf16, and its tokens' offsets (tokens, 2)
        in characters of the text; tokens of the prompt have offsets below 0 or empty ones."""
        prompt = self._prompts[question]
        tokens = self._bert.tokens([prompt + text for text in texts])
        out: list[tuple[Tensor, np.ndarray[Any, Any]]] = [(torch.empty(0), np.empty(0))] * len(texts)
        for rows in batches([len(one.ids) for one in tokens], BATCH_TOKENS):
            made = self._bert.run(self._bert.batch([tokens[i] for i in rows]), self.bf16, LOWER)
            for k, i in enumerate(rows):
                states = made[k, : len(tokens[i].ids)].to(torch.bfloat16).clone()
                out[i] = (states, tokens[i].offsets - len(prompt))
        return out
