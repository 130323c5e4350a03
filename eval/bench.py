"""The systems that are measured: Renglón itself, and the simpler baselines that it has to beat.

All of them get the same question vector, so that a run embeds each question once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle

from eval.datasets import Question
from eval.judge import Claim, Outcome, Retrieved, is_relevant
from index.model.encoder import Encoder
from index.records import PassageRow
from index.renglon import indexed
from index.retriever import HybridRetriever
from index.storage.protocol import Query
from index.store import Store
from rag.engine import Engine
from rag.errors import RenglonError
from rag.evidence.boilerplate import is_boilerplate
from rag.evidence.confidence import Calibration
from rag.reading.stretches import StretchReader
from rag.scope import Scope
from rag.settings import Settings
from rag.types import Answer, Citation
from rag.vectors import Vectors

DEPTH = 10  # Recall@10 and nDCG@10 consider this many passages; the engine answers from settings.passages of them
_CANDIDATES = 50  # from each of the two searches, for reciprocal rank fusion
_RRF_K = 60  # as in Cormack, Clarke & Büttcher 2009
_CHUNK = 500


class Recorder(BaseRetriever):
    """Retrieves DEPTH passages for the metrics and passes on to the engine only as many as it uses otherwise.

    `files`: globs of the files that the question is asked within; none for all.
    """

    def __init__(self, inner: HybridRetriever, keep: int) -> None:
        self._inner, self._keep = inner, keep
        self.files: tuple[str, ...] = ()
        self.hits: list[NodeWithScore] = []
        self.vector: Vectors = np.zeros(0, np.float32)
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        self.vector = np.asarray(query_bundle.embedding, np.float32)
        self.hits = self._inner.within(Scope(files=self.files)).retrieve(query_bundle)
        return self.hits[: self._keep]


@dataclass(frozen=True)
class Remembering(Calibration):
    """A calibration that keeps the features of the last answer, so that another calibration can be fitted on them."""

    seen: list[Mapping[str, float]] = field(default_factory=list)

    def confidence(self, features: Mapping[str, float]) -> float:
        """The confidence, as in the base class; also keeps the features."""
        self.seen.append(features)
        return super().confidence(features)


# So many questions are asked one by one, as users do, and latencies are measured on them. The vectors of the others
# are computed in batches, which is five times as fast and gives the same vectors.
ASKED_SINGLY = 300


class Prepared:
    """An encoder that can compute the vectors of many questions in advance."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.ready: dict[str, Vectors] = {}

    def prepare(self, questions: Sequence[str]) -> None:
        """Compute the vectors of questions in batches and keep them."""
        self.ready |= zip(questions, self._encoder.encode_queries(questions), strict=True) if questions else {}

    def encode_query(self, question: str) -> Vectors:
        """Unit vector of a question, shape (dimension,)."""
        ready = self.ready.get(question)
        return self._encoder.encode_query(question) if ready is None else ready


class Bench:
    """Renglón and its baselines over an open store. It keeps the last question, so ask one question at a time."""

    def __init__(
        self,
        store: Store,
        encoder: Encoder,
        settings: Settings,
        calibration: Calibration,
        reader: StretchReader | None = None,
    ) -> None:
        self._store, self._shipped = store, calibration
        index = indexed(store)
        self._boilerplate = index.boilerplate
        deep = HybridRetriever(store, encoder, max(DEPTH, settings.passages))
        self.recorder = Recorder(deep, settings.passages)
        # With thresholds of 0 it answers always; `answer` goes by the real ones. So the run sees what a refusal
        # withheld, which the risk–coverage curve needs.
        always = dict.fromkeys(calibration.answered, 0.0)
        self.calibration = Remembering(calibration.intercept, calibration.weights, always, always)
        self._encoder = Prepared(encoder)
        self._engine = Engine(
            retriever=self.recorder,
            encoder=self._encoder,
            index=index,
            calibration=self.calibration,
            max_chars=settings.max_question_chars,
            max_sentences=settings.max_sentences,
            reader=reader,
        )

    def warm(self, questions: Sequence[Question] = (), singly: int = ASKED_SINGLY) -> None:
        """Load everything that is loaded on first use, and compute the vectors of all questions after the first
        `singly` ones, which are left out because latencies are measured on them."""
        self._engine.warm()
        self._encoder.prepare([" ".join(q.question.split()) for q in questions[singly:]])

    def answer(self, question: Question) -> Outcome:
        """Renglón's outcome for a question. A RenglonError becomes the outcome's `error`."""
        self.recorder.files = question.files
        try:
            answer = self._engine.answer(question.question, question.history)
        except RenglonError as error:
            return Outcome(refused=True, error=f"{type(error).__name__}: {error}")
        # First the passages in the order in which the answer shows them, then those that the engine did not receive.
        beyond = [_retrieved(hit) for hit in self.recorder.hits[len(answer.passages) :]]
        outcome = from_answer(answer, self._shipped, self._is_boilerplate)
        outcome = replace(outcome, passages=[*outcome.passages, *beyond])
        return replace(outcome, latency_ms=None) if answer.question in self._encoder.ready else outcome

    def _is_boilerplate(self, citation: Citation) -> bool:
        return is_boilerplate(self._boilerplate(citation.document_id, citation.file_sha256), citation.char_start)

    def baselines(self, question: Question) -> dict[str, Outcome]:
        """The outcomes of the baselines for the question that was answered last."""
        store = self._store
        query = Query(self.recorder.vector, store.lexical.terms(question.question))
        lexical = store.lexical.search(query, _CANDIDATES)
        dense = store.dense.search(query, _CANDIDATES)
        ranked = {"lexical": lexical, "dense": dense, "rrf": rrf(lexical, dense)}
        outcomes = {name: self._ranking(pairs) for name, pairs in ranked.items()}
        found = [_retrieved(hit) for hit in self.recorder.hits]
        outcomes["fused"] = Outcome(refused=False, confidence=found[0].score if found else 0.0, passages=found)
        outcomes["first sentence"] = self._first_sentence()
        return outcomes

    def _ranking(self, pairs: Sequence[tuple[int, float]]) -> Outcome:
        """Turn a ranking into an outcome without an answer; the best score serves as its confidence."""
        rows = self._store.catalog.passages([pk for pk, _ in pairs[:DEPTH]])
        return Outcome(refused=False, confidence=pairs[0][1] if pairs else 0.0, passages=[_of_row(row) for row in rows])

    def _first_sentence(self) -> Outcome:
        """A baseline that cites the first sentence of the passage that the fused search ranks first."""
        passages = [_retrieved(hit) for hit in self.recorder.hits]
        if not passages:
            return Outcome(refused=True)
        node: Any = self.recorder.hits[0].node
        first = node.sentences[0]
        claim = Claim(passages[0].file, first.line_start, first.line_end, first.char_start, first.char_end, first.text)
        score = self.recorder.hits[0].score or 0.0
        return Outcome(refused=False, text=first.text, confidence=score, citations=[claim], passages=passages)

    def relevant_totals(self, questions: Iterable[Question]) -> dict[str, int]:
        """How many passages of the corpus are relevant to each answerable question, by its id."""
        answerable = [q for q in questions if q.answerable]
        wanted = {gold.file for q in answerable for gold in q.evidence}
        by_file: dict[str, list[Retrieved]] = {}
        keys = sorted(self._store.catalog.pks())
        for start in range(0, len(keys), _CHUNK):
            for row in self._store.catalog.passages(keys[start : start + _CHUNK]):
                if row.file in wanted:
                    by_file.setdefault(row.file, []).append(_of_row(row))
        return {
            q.id: sum(is_relevant(p, q) for file in {g.file for g in q.evidence} for p in by_file.get(file, []))
            for q in answerable
        }


def rrf(*rankings: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Reciprocal rank fusion: score Σ 1 / (k + rank), best first (Cormack, Clarke & Büttcher 2009)."""
    fused: dict[int, float] = {}
    for ranking in rankings:
        for rank, (key, _) in enumerate(ranking, 1):
            fused[key] = fused.get(key, 0.0) + 1 / (_RRF_K + rank)
    return sorted(fused.items(), key=lambda pair: (-pair[1], pair[0]))


def from_answer(
    answer: Answer, calibration: Calibration | None = None, is_boilerplate: Callable[[Citation], bool] | None = None
) -> Outcome:
    """An answer as an outcome. With a `calibration`, its thresholds decide whether the answer is given."""
    status = calibration.verdict(answer.confidence, answer.language) if calibration else answer.status
    shown = [Retrieved(p.file, p.line_start, p.line_end, p.text, p.score) for p in answer.passages]
    return Outcome(
        refused=status == "no_evidence" or answer.status == "no_evidence",
        unsure=status == "unsure",
        text=answer.text,
        confidence=answer.confidence,
        citations=[
            Claim(
                c.file,
                c.line_start,
                c.line_end,
                c.char_start,
                c.char_end,
                c.quote,
                boilerplate=bool(is_boilerplate and is_boilerplate(c)),
                span=c.answer_span.text if c.answer_span else None,
            )
            for c in answer.citations
        ],
        passages=shown,
        latency_ms=answer.timings_ms["total"],
        differing=[each.value for each in answer.differing] if status == "answered" else [],
    )


def _retrieved(hit: NodeWithScore) -> Retrieved:
    data = hit.node.metadata
    return Retrieved(
        data["file"], data["line_start"], data["line_end"], hit.node.get_content(), round(hit.score or 0.0, 4)
    )


def _of_row(row: PassageRow) -> Retrieved:
    return Retrieved(row.file, row.line_start, row.line_end, row.text)
