"""The encoder's lower layers, on their own: what a reader's trained layers are put on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from rag.reading.network import LOWER, layers_of

if TYPE_CHECKING:
    from threading import Lock

BATCH_TOKENS = 2048  # tokens that are computed at once: a few passages


class LowerLayers:
    """Reads questions and passages apart, with an encoder's tokenizer, word table and first layers (shared with it)."""

    def __init__(self, tokenizer: Any, bert: Any, lock: Lock, prompts: tuple[str, str], bf16: bool) -> None:
        self._tokenizer, self._lock = tokenizer, lock
        self._embeddings = bert.embeddings
        self._prompts = {True: prompts[0], False: prompts[1]}
        self._most = int(bert.config.max_position_embeddings)
        self.bf16 = bf16
        self.weights: Mapping[str, Tensor] = {name: value.detach() for name, value in bert.state_dict().items()}
        self._layers = layers_of(self.weights, range(LOWER))

    def states(self, texts: Sequence[str], question: bool) -> list[tuple[Tensor, np.ndarray[Any, Any]]]:
        """For each text its states after the lower layers (tokens, width), in bf16, and its tokens' offsets (tokens, 2)
        in characters of the text; tokens of the prompt have offsets below 0 or empty ones."""
        prompt = self._prompts[question]
        with self._lock:
            encoded = self._tokenizer(
                [prompt + text for text in texts], truncation=True, max_length=self._most, return_offsets_mapping=True
            )
        ids = encoded["input_ids"]
        out: list[tuple[Tensor, np.ndarray[Any, Any]]] = [(torch.empty(0), np.empty(0))] * len(texts)
        for rows in _batches([len(row) for row in ids]):
            batch = torch.full((len(rows), max(len(ids[i]) for i in rows)), self._tokenizer.pad_token_id)
            for k, i in enumerate(rows):
                batch[k, : len(ids[i])] = torch.tensor(ids[i])
            made = self._run(batch)
            for k, i in enumerate(rows):
                offsets = np.array(encoded["offset_mapping"][i]) - len(prompt)
                out[i] = (made[k, : len(ids[i])].to(torch.bfloat16).clone(), offsets)
        return out

    @torch.inference_mode()
    def _run(self, ids: Tensor) -> Tensor:
        seen = (ids != self._tokenizer.pad_token_id)[:, None, None, :]
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            states: Tensor = self._embeddings(input_ids=ids)
            for layer in self._layers:
                states = layer(states, seen)
        return states


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Numbers of the texts in batches of about BATCH_TOKENS, shortest first so that little is padded."""
    batches: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if not batches or (len(batches[-1]) + 1) * lengths[i] > BATCH_TOKENS:
            batches.append([])
        batches[-1].append(i)
    return batches
