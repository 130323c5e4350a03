"""A BERT encoder, as the bundled model is one, with PyTorch and a tokenizer alone.

transformers and sentence-transformers would do the same, and take several times as long to import as everything else
that an answer needs. Models of other kinds are left to them (`sentence_transformer.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from rag.reading.network import EPSILON, HEADS, layers_of
from rag.vectors import Vectors, unit

WEIGHTS = "model.safetensors"
BATCH_TOKENS = 4096  # tokens that are computed at once
TOKENS, TEXTS = 8, 4  # to multiples of which they are rounded up in half precision
# The only configuration that is computed here, beside sizes: BERT's own.
_CONFIG = {"model_type": "bert", "hidden_act": "gelu", "num_attention_heads": HEADS}
_MODULES = ["Transformer", "Pooling", "Normalize"]


@dataclass(frozen=True)
class Tokens:
    """A text's tokens: ids, and offsets (tokens, 2) in its characters; those of special tokens are (0, 0)."""

    ids: list[int]
    offsets: np.ndarray[Any, Any]


class Bert:
    """Word table and layers of an encoder that takes the mean of its tokens. Safe to share between threads."""

    def __init__(self, weights: Mapping[str, Tensor], tokenizer: Tokenizer, pad: int, longest: int) -> None:
        """`weights` as Hugging Face's BertModel names them. The tokenizer is given its limit, `longest`, here."""
        self.weights, self.pad = weights, pad
        tokenizer.enable_truncation(longest)
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self.layers = layers_of(weights, range(1 + max(int(n.split(".")[2]) for n in weights if ".layer." in n)))
        self.dimension = int(weights["embeddings.word_embeddings.weight"].shape[1])

    @classmethod
    def of(cls, folder: Path) -> Self | None:
        """The model of a sentence-transformers folder; None when it is of another kind."""
        kind = _kind(folder)
        if kind is None:
            return None
        # The weights stay mapped from the file, in float32: of a multilingual vocabulary's table (250,000 words, 384
        # MB) only the rows that are used take memory. Half precision would have to copy all of it.
        weights = load_file(folder / WEIGHTS)
        if any(value.dtype != torch.float32 for value in weights.values()):
            return None
        weights = {name.removeprefix("bert."): value for name, value in weights.items()}
        return cls(weights, Tokenizer.from_file(str(folder / "tokenizer.json")), *kind)

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """The tokens of texts, special ones included, cut off at the most that the model reads."""
        one_by_one = len(texts) < 4  # a few do not begin the tokenizer's threads
        encoded = map(self._tokenizer.encode, texts) if one_by_one else self._tokenizer.encode_batch(list(texts))
        return [Tokens(one.ids, np.array(one.offsets)) for one in encoded]

    def batch(self, tokens: Sequence[Tokens]) -> Tensor:
        """Ids (texts, longest), padded."""
        ids = torch.full((len(tokens), max(len(one.ids) for one in tokens)), self.pad)
        for row, one in enumerate(tokens):
            ids[row, : len(one.ids)] = torch.tensor(one.ids)
        return ids

    @torch.inference_mode()
    def run(self, ids: Tensor, bf16: bool, layers: int | None = None) -> Tensor:
        """States (texts, tokens, width) after the first layers, by default all."""
        count, longest = ids.shape
        if bf16:
            ids = self._rounded(ids)
        seen = (ids != self.pad)[:, None, None, :]
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            states = self._embedded(ids)
            for layer in self.layers[:layers]:
                states = layer(states, seen)
        return states[:count, :longest]

    def _rounded(self, ids: Tensor) -> Tensor:
        """The ids with more padding, and more texts (the last one again): their numbers are multiples of a few, so that
        there are few numbers of rows in all (see `rag.reading.network.ROWS`)."""
        ids = functional.pad(ids, (0, -ids.shape[1] % TOKENS), value=self.pad)
        over = -len(ids) % TEXTS if len(ids) > TEXTS else 0
        return torch.cat([ids, ids[-1:].expand(over, -1)])

    @torch.inference_mode()
    def mean(self, states: Tensor, ids: Tensor) -> Vectors:
        """Unit means of the texts' tokens."""
        seen = (ids != self.pad)[:, :, None]
        sums: Vectors = (states.float() * seen).sum(1).numpy()
        return unit(sums)

    def pooled(self, texts: Sequence[str], bf16: bool) -> tuple[Vectors, np.ndarray[Any, Any], Vectors]:
        """States, offsets (both padded) and vectors of texts, computed together."""
        tokens = self.tokens(texts)
        ids = self.batch(tokens)
        states = self.run(ids, bf16)
        offsets = np.zeros((*ids.shape, 2), int)
        for row, one in enumerate(tokens):
            offsets[row, : len(one.ids)] = one.offsets
        return states.float().numpy(), offsets, self.mean(states, ids)

    def vectors(self, texts: Sequence[str], bf16: bool) -> Vectors:
        """Unit vectors of texts, computed in batches of like length."""
        tokens = self.tokens(texts)
        out = np.zeros((len(texts), self.dimension), np.float32)
        for rows in batches([len(one.ids) for one in tokens], BATCH_TOKENS):
            ids = self.batch([tokens[i] for i in rows])
            out[rows] = self.mean(self.run(ids, bf16), ids)
        return out

    def bert(self) -> Bert:
        """Itself: there are layers that a reader can be put on."""
        return self

    def _embedded(self, ids: Tensor) -> Tensor:
        table = {name: self.weights[f"embeddings.{name}.weight"] for name in
                 ("word_embeddings", "position_embeddings", "token_type_embeddings")}  # fmt: skip
        sums = functional.embedding(ids, table["word_embeddings"]) + table["token_type_embeddings"][0]
        sums = sums + table["position_embeddings"][: ids.shape[1]]
        weight, bias = (self.weights[f"embeddings.LayerNorm.{kind}"] for kind in ("weight", "bias"))
        return functional.layer_norm(sums, (self.dimension,), weight, bias, EPSILON)


def batches(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Numbers of texts in batches of at most so many tokens with their padding, longest first."""
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > most:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _kind(folder: Path) -> tuple[int, int] | None:
    """The padding's id and the most tokens of a folder's model, when it is one that is computed here."""
    config, pooling = _json(folder / "config.json"), _json(folder / "1_Pooling/config.json")
    modules = [str(one.get("type", "")).rsplit(".", 1)[-1] for one in _json(folder / "modules.json", list)]
    own = all(config.get(name) == value for name, value in _CONFIG.items()) and (
        abs(config.get("layer_norm_eps", 0) - EPSILON) < EPSILON / 100
        and config.get("position_embedding_type", "absolute") == "absolute"
    )
    mean = pooling.get("pooling_mode") == "mean" or pooling.get("pooling_mode_mean_tokens") is True
    others = [name for name, on in pooling.items() if name.startswith("pooling_mode_") and on is True]
    plain = not _json(folder / "config_sentence_transformers.json").get("default_prompt_name")
    files = all((folder / name).is_file() for name in (WEIGHTS, "tokenizer.json"))
    if not (own and mean and len(others) <= 1 and plain and files and modules == _MODULES):
        return None
    limits = (config["max_position_embeddings"], _json(folder / "sentence_bert_config.json").get("max_seq_length"),
              _json(folder / "tokenizer_config.json").get("model_max_length"))  # fmt: skip
    return int(config.get("pad_token_id") or 0), int(min(limit for limit in limits if limit))


def _json(path: Path, kind: type = dict) -> Any:
    """What a JSON file holds; nothing for one that is missing or holds something else."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return kind()
    return found if isinstance(found, kind) else kind()
