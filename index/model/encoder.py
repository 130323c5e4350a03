"""Texts become unit vectors. Nothing is downloaded unless a hub name was configured."""

from __future__ import annotations

import hashlib
import itertools
import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from index.model import bundled
from index.model.turns import Together, Turns, turns_on
from rag.errors import ModelDamaged
from rag.settings import BUNDLED, Settings
from rag.vectors import Vectors, unit

if TYPE_CHECKING:
    from index.model.bert import Bert
    from index.model.lower_layers import LowerLayers

# 8 to 32 are equally fast once texts are sorted by length; 16 keeps the peak of memory low.
BATCH = 16
# Texts, sorted by length, are computed in windows of so many: in between progress can be shown, and questions go first.
WINDOW = BATCH * 4
# Raised when the same weights come to make other vectors, so that old and new are never compared.
SCHEME = 2


class Network(Protocol):
    """What computes: states of tokens, and unit vectors of texts. Safe to share between threads."""

    dimension: int

    def pooled(self, texts: Sequence[str], bf16: bool) -> tuple[Vectors, np.ndarray[Any, Any], Vectors]:
        """States (texts, tokens, dimension), offsets (texts, tokens, 2) and vectors of texts, computed together."""

    def vectors(self, texts: Sequence[str], bf16: bool) -> Vectors:
        """Unit vectors of texts, computed in batches of like length."""

    def bert(self) -> Bert | None:
        """The layers that a reader can be put on; None for a model of another kind."""


class Encoder:
    """A network with the prompts that it was trained with.

    `name` and `revision` identify the vectors that it makes; vectors of two revisions are never compared.
    """

    def __init__(
        self, network: Network, name: str, revision: str, query: str, passage: str, turns: Turns | None = None
    ) -> None:
        """`turns`: who may compute now, shared with other models of the process."""
        self._network = network
        if turns is not None:
            self.turns = turns
        self._together = Together[str, Vectors](lambda questions: list(self._queries(questions)), self.turns, BATCH)
        self._query_prompt, self._passage_prompt = query, passage
        self.name, self.revision = name, f"{revision}.{SCHEME}"
        self.dimension = network.dimension

    @cached_property
    def turns(self) -> Turns:
        """Who may compute now."""
        return Turns()

    def encode_query(self, question: str) -> Vectors:
        """Unit vector of one question, shape (dimension,), float32 throughout (bf16 is slower for one text).

        Questions of several threads that wait at the same time are encoded together.
        """
        return self._together(question)

    def encode_queries(self, questions: Sequence[str]) -> Vectors:
        """Unit vectors of many questions, shape (questions, dimension), float32 throughout as for one."""
        with self.turns.question("encode"):
            return self._queries(questions)

    def _queries(self, questions: Sequence[str]) -> Vectors:
        return self._network.vectors([self._query_prompt + question for question in questions], bf16=False)

    def encode_passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """Unit vectors of passages or sentences, shape (len(texts), dimension), in the order given.

        `progress` is called with the number of texts done since its last call.
        """
        return self._windows(texts, progress, partial(self.turns.question, "encode"))

    def _windows(
        self,
        texts: Sequence[str],
        progress: Callable[[int], None] | None,
        turn: Callable[[], AbstractContextManager[Any]],
    ) -> Vectors:
        out = np.zeros((len(texts), self.dimension), np.float32)
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for start in range(0, len(order), WINDOW):
            rows = order[start : start + WINDOW]
            with turn():
                out[rows] = self._network.vectors([self._passage_prompt + texts[i] for i in rows], self._bf16)
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
        sentences = [text[a:b] for text, spans in passages for a, b in spans]
        own = self._windows(sentences, progress, self.turns.indexing)
        cut_off = ~late.any(axis=1)  # beyond what the model reads
        late[cut_off] = own[cut_off]
        return whole, ((own + late) / 2).astype(np.float32)

    def lower_layers(self) -> LowerLayers | None:
        """The first layers on their own, for a reader; None for a model that is not of the bundled one's kind."""
        from index.model.lower_layers import LowerLayers

        bert = self._network.bert()
        return LowerLayers(bert, (self._query_prompt, self._passage_prompt), self._bf16) if bert else None

    def _pool(self, batch: Sequence[tuple[str, Sequence[tuple[int, int]]]]) -> tuple[Vectors, list[Vectors]]:
        """Passage vectors of a batch, and unit means of each sentence's tokens (0 where it has none)."""
        texts = [self._passage_prompt + text for text, _ in batch]
        with self.turns.indexing():
            states, offsets, vectors = self._network.pooled(texts, self._bf16)
        offsets = offsets - len(self._passage_prompt)
        pooled = []
        for row, (_, spans) in enumerate(batch):
            starts, ends = offsets[row, :, 0], offsets[row, :, 1]
            inside = np.array([(ends > a) & (starts < b) & (ends > starts) for a, b in spans]).reshape(-1, len(starts))
            sums = inside.astype(np.float32) @ states[row]
            pooled.append(unit(sums))
        return vectors, pooled

    @cached_property
    def _bf16(self) -> bool:
        """Whether batches are faster under bf16 autocast here: measured, since flags mislead."""
        return bf16_is_faster()


def bf16_is_faster() -> bool:
    """Whether this processor multiplies a layer's matrices faster in bf16 than in float32; takes about 20 ms."""
    import torch

    if not torch.backends.cpu.get_cpu_capability().startswith("AVX512"):
        return False  # without its instructions, bf16 is emulated

    def seconds(kind: torch.dtype) -> float:
        states, weights = torch.ones(256, 384, dtype=kind), torch.ones(384, 1536, dtype=kind)
        times = []
        for _ in range(4):
            start = time.perf_counter()
            states @ weights
            times.append(time.perf_counter() - start)
        return min(times)

    return seconds(torch.bfloat16) < 0.8 * seconds(torch.float32)


def load_encoder(settings: Settings, turns: Turns | None = None) -> Encoder:
    """The encoder that the settings name. Raises ModelDamaged when its files can't be loaded."""
    local = settings.model == BUNDLED or Path(settings.model).is_dir()
    if local:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when the hub's library is imported
    import torch

    torch.set_num_threads(settings.threads or os.cpu_count() or 1)
    if settings.model == BUNDLED:
        folder, name = str(bundled.ensure_unpacked(settings.models_path)), bundled.NAME
        revision = bundled.SOURCE_SHA256[:16]
    else:
        folder, name = settings.model, settings.model
        revision = _revision(Path(settings.model)) if local else "hub"
    try:
        network = _network(folder, local)
    except Exception as error:  # each library below has its own exceptions for a broken file
        raise ModelDamaged(
            f"The model {name} can't be loaded: {error}.", "Check RENGLON_MODEL, or delete the model's folder."
        ) from error
    turns = turns or turns_on(settings.threads)
    return Encoder(network, name, revision, settings.query_prompt, settings.passage_prompt, turns)


def _network(folder: str, local: bool) -> Network:
    from index.model.bert import Bert

    if local and (bert := Bert.of(Path(folder))):
        return bert
    from index.model.sentence_transformer import AnyModel

    return AnyModel(folder, local)


def _revision(folder: Path) -> str:
    """16 hex digits of a local model's configuration and weights' names and sizes."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder)} {path.stat().st_size}\n".encode())
            if path.suffix == ".json" and path.stat().st_size < 100_000:
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
