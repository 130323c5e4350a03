"""What the encoder's lower layers make of texts: computed once, since these layers are not trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import AutoModel, AutoTokenizer

from rag.reading.network import LOWER, layers_of

MAX_TOKENS = 512


@dataclass
class Read:
    """Tokens of many texts: `states` (tokens of all, width) in bf16, `firsts` (texts + 1), `offsets` (tokens, 2) in
    characters of the text without its prompt, and `vectors` (texts, width), the encoder's own."""

    states: Tensor
    firsts: np.ndarray
    offsets: np.ndarray
    vectors: np.ndarray


class LowerLayers:
    """The encoder of a folder: its lower layers, and its vectors."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        bert = AutoModel.from_pretrained(folder)
        self.weights = {name: value.detach() for name, value in bert.state_dict().items()}
        self.embeddings = bert.embeddings.eval()
        self.count = bert.config.num_hidden_layers
        self.layers = layers_of(self.weights, range(self.count))

    @torch.inference_mode()
    def read(self, texts: Sequence[str], prompt: str, vectors: bool = True) -> Read:
        """States after LOWER layers of every text, and the texts' vectors (zeros without `vectors`)."""
        encoded = self.tokenizer(
            [prompt + text for text in texts], truncation=True, max_length=MAX_TOKENS, return_offsets_mapping=True
        )
        ids = encoded["input_ids"]
        firsts = np.concatenate([[0], np.cumsum([len(row) for row in ids])])
        width = self.embeddings.word_embeddings.weight.shape[1]
        states = torch.zeros(int(firsts[-1]), width, dtype=torch.bfloat16)
        means = np.zeros((len(texts), width), np.float32)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        for begin in range(0, len(order), 32):
            rows = order[begin : begin + 32]
            longest = len(ids[rows[-1]])
            batch = torch.full((len(rows), longest), self.tokenizer.pad_token_id)
            for k, i in enumerate(rows):
                batch[k, : len(ids[i])] = torch.tensor(ids[i])
            seen = batch != self.tokenizer.pad_token_id
            with torch.autocast("cpu", torch.bfloat16):
                x = self.embeddings(input_ids=batch)
                for layer in self.layers[:LOWER]:
                    x = layer(x, seen[:, None, None, :])
                for k, i in enumerate(rows):
                    states[firsts[i] : firsts[i + 1]] = x[k, : len(ids[i])]
                if vectors:
                    for layer in self.layers[LOWER:]:
                        x = layer(x, seen[:, None, None, :])
                    mean = (x * seen[:, :, None]).sum(1).float() / seen.sum(1)[:, None]
                    means[rows] = (mean / mean.norm(dim=1, keepdim=True)).numpy()
            if begin // 32 % 50 == 0:
                print(f"read {begin} of {len(ids)}", flush=True)
        offsets = np.concatenate([np.array(row) for row in encoded["offset_mapping"]]) - len(prompt)
        return Read(states, firsts, offsets, means)
