"""Models of any kind that sentence-transformers knows."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer
from transformers.utils import logging

from index.model.bert import Bert
from rag.vectors import Vectors, unit

BATCH = 16


class AnyModel:
    """A model that sentence-transformers loads from a folder or, by its name, from the hub."""

    def __init__(self, name: str, local: bool) -> None:
        logging.disable_progress_bar()
        self._model = SentenceTransformer(name, device="cpu", local_files_only=local)
        self._lock = Lock()  # the tokenizer's truncation state is not safe to share between threads
        self.dimension = int(self._model.get_embedding_dimension() or 0)

    def pooled(self, texts: Sequence[str], bf16: bool) -> tuple[Vectors, np.ndarray[Any, Any], Vectors]:
        """States, offsets (both padded) and vectors of texts, computed together."""
        with self._lock:
            features = self._model.tokenizer(
                list(texts), padding=True, truncation=True, max_length=self._model.max_seq_length, return_tensors="pt",
                return_offsets_mapping=True,
            )  # fmt: skip
        offsets = features.pop("offset_mapping").numpy()
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            output = self._model(dict(features))
        vectors = output["sentence_embedding"].float().numpy()
        return output["token_embeddings"].float().numpy(), offsets, unit(vectors)

    def vectors(self, texts: Sequence[str], bf16: bool) -> Vectors:
        """Unit vectors of texts, computed in batches of like length."""
        with self._lock, torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            vectors = self._model.encode(
                list(texts), batch_size=BATCH, convert_to_numpy=True, normalize_embeddings=True, show_progress_bar=False
            )
        return np.asarray(vectors, dtype=np.float32)

    def bert(self) -> Bert | None:
        """The layers that a reader can be put on; None for a model that is no BERT."""
        bert: Any = getattr(self._model[0], "auto_model", None)
        config: Any = getattr(bert, "config", None)
        if getattr(config, "model_type", "") != "bert":
            return None
        weights = {name: value.detach().float() for name, value in bert.state_dict().items()}
        tokenizer = Tokenizer.from_str(self._model.tokenizer.backend_tokenizer.to_str())
        return Bert(weights, tokenizer, self._model.tokenizer.pad_token_id, config.max_position_embeddings)
