"""The reader: where in a passage the answer to a question stands, or that it doesn't stand there.

It reads stretches of passages, not whole ones: the sentences that the ranking found likely, with their neighbours.
What the lower layers make of a passage does not depend on the question; the latest passages are kept.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from rag.reading.network import Upper
from rag.reading.result import SentenceReading
from rag.reading.stretches import Stretch

LONGEST_ANSWER = 30  # tokens; nearly all answers to questions about facts are shorter
LONGEST_QUESTION = 80  # tokens that are read of a question
LONGEST_STRETCH = 256  # tokens that are read of a stretch at once
# Passages whose lower states are kept: at 200 tokens of 768 bytes about 40 MB.
KEPT_PASSAGES = 256
BATCH = 16


class LowerLayers(Protocol):
    """The part of the encoder that reads question and passage apart."""

    def states(self, texts: Sequence[str], question: bool) -> list[tuple[Tensor, np.ndarray]]:
        """For each text its states (tokens, width) and offsets (tokens, 2) in its characters; special tokens and
        those of the prompt have an empty range that starts below 0 or is (0, 0)."""


class Reader:
    """Reads stretches for a question. Safe to share between threads."""

    def __init__(
        self,
        lower: LowerLayers,
        upper: Upper,
        bf16: bool,
        turn: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """`bf16`: compute in half precision, where the processor is faster at it. `turn` is held while computing."""
        self._turn = turn
        self._dtype = torch.bfloat16 if bf16 else torch.float32
        self._lower, self._upper = lower, upper.to(self._dtype).eval()
        self._kept: OrderedDict[str, tuple[Tensor, np.ndarray]] = OrderedDict()
        self._lock = Lock()

    def read(self, question: str, stretches: Sequence[Stretch]) -> list[list[SentenceReading | None]]:
        """A reading of every sentence of every stretch, None for one beyond what can be read."""
        if not stretches:
            return []
        with self._turn():
            return self._read(question, stretches)

    def _read(self, question: str, stretches: Sequence[Stretch]) -> list[list[SentenceReading | None]]:
        ((asked, _),) = self._lower.states([question], question=True)
        asked = asked[:LONGEST_QUESTION]
        known = self._passages({stretch.text for stretch in stretches})
        ranges = [_tokens(known[stretch.text][1], stretch.sentences) for stretch in stretches]
        out: list[list[SentenceReading | None]] = [[None] * len(stretch.sentences) for stretch in stretches]
        order = sorted((k for k, r in enumerate(ranges) if r[1] > r[0]), key=lambda k: ranges[k][1] - ranges[k][0])
        for begin in range(0, len(order), BATCH):
            part = order[begin : begin + BATCH]
            pieces = [known[stretches[k].text][0][slice(*ranges[k])] for k in part]
            for k, (logits, answers) in zip(part, self._logits(asked, pieces), strict=True):
                offsets = known[stretches[k].text][1][slice(*ranges[k])]
                none, (starts, ends) = float(logits[0].sum()), logits[1:].T
                for n, span in enumerate(stretches[k].sentences):
                    found = _best(starts, ends, offsets, span)
                    if found:
                        out[k][n] = SentenceReading(found[0] - none, found[1], found[2], answers)
        return out

    def _passages(self, texts: Collection[str]) -> dict[str, tuple[Tensor, np.ndarray]]:
        """Lower states and offsets of passages; those that were read lately are remembered."""
        with self._lock:
            known = {key: self._kept[key] for key in texts if key in self._kept}
            for key in known:
                self._kept.move_to_end(key)
        missing = [key for key in texts if key not in known]
        if missing:
            made = self._lower.states(missing, question=False)
            with self._lock:
                for key, value in zip(missing, made, strict=True):
                    known[key] = self._kept[key] = value
                while len(self._kept) > KEPT_PASSAGES:
                    self._kept.popitem(last=False)
        return known

    @torch.inference_mode()
    def _logits(self, asked: Tensor, pieces: Sequence[Tensor]) -> list[tuple[np.ndarray, float]]:
        found = self._upper.packed(asked.to(self._dtype), [piece.to(self._dtype) for piece in pieces])
        return [(logits.numpy(), float(answers)) for logits, answers in found]


def _tokens(offsets: np.ndarray, sentences: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """The tokens (first, after the last) of sentences in a row; (0, 0) when none is among those that were read."""
    spans = list(sentences)
    low, high = spans[0][0], spans[-1][1]
    inside = np.flatnonzero((offsets[:, 1] > max(low, 0)) & (offsets[:, 0] < high) & (offsets[:, 1] > offsets[:, 0]))
    if not len(inside):
        return 0, 0
    return int(inside[0]), int(min(inside[-1] + 1, inside[0] + LONGEST_STRETCH))


def _best(
    starts: np.ndarray, ends: np.ndarray, offsets: np.ndarray, sentence: tuple[int, int]
) -> tuple[float, int, int] | None:
    """(score, start, end) of the best answer inside a sentence, in characters of the passage."""
    rows = np.flatnonzero((offsets[:, 1] > sentence[0]) & (offsets[:, 0] < sentence[1]))
    if not len(rows):
        return None
    sums = starts[rows][:, None] + ends[rows][None, :]
    distance = np.arange(len(rows))[None, :] - np.arange(len(rows))[:, None]
    sums = np.where((distance >= 0) & (distance < LONGEST_ANSWER), sums, -np.inf)
    a, b = divmod(int(sums.argmax()), len(rows))
    start, end = int(offsets[rows[a], 0]), int(offsets[rows[b], 1])
    return float(sums[a, b]), max(start, sentence[0]), min(end, sentence[1])
