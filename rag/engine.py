"""Question → Answer. The read path, in order, once: embed, retrieve, weigh evidence, abstain or write, cite."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import Response
from llama_index.core.callbacks import CallbackManager
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle

from rag.abstain import Calibration, features
from rag.cite import Source, Writer
from rag.evidence import Asked, Lexicon, collect
from rag.extract import choose
from rag.nodes import Vectors
from rag.question import language_of, tidy
from rag.types import Answer, Citation, PassageHit, SearchResult

NO_EVIDENCE = {"es": "Los artículos no lo dicen.", "en": "The articles don't say."}


class QueryEncoder(Protocol):
    """What turns a question into a vector."""

    def encode_query(self, question: str) -> Vectors:
        """Unit vector of a question, shape (dimension,)."""


@dataclass(frozen=True)
class Event:
    """One step of an answer as it is made: kind and payload.

    `passages`: list[PassageHit], before anything is written; `delta`: str, text to append; `citation`: Citation;
    last of all `answer` or `no_evidence`: the whole Answer.
    """

    kind: str
    data: Any


class Engine(BaseQueryEngine):
    """Answers from the passages that a retriever finds. Holds no state between questions."""

    def __init__(
        self,
        retriever: BaseRetriever,
        encoder: QueryEncoder,
        lexicon: Callable[[], Lexicon],
        source: Source,
        calibration: Calibration,
        version: Callable[[], int],
        max_chars: int = 2000,
        max_sentences: int = 3,
        degraded: Callable[[], bool] = lambda: False,
    ) -> None:
        self._retriever, self._encoder, self._lexicon, self._source = retriever, encoder, lexicon, source
        self._calibration, self._version = calibration, version
        self._max_chars, self._max_sentences = max_chars, max_sentences
        self._degraded = degraded
        super().__init__(CallbackManager([]))  # fmt: skip

    def answer(self, question: str) -> Answer:
        """Answer a question. Raises InvalidQuestion, IndexMissing, ProjectionDamaged."""
        last: Any = None
        for event in self.stream(question):
            last = event.data
        assert isinstance(last, Answer)
        return last

    def stream(self, question: str) -> Iterator[Event]:
        """The steps of an answer, as they are made; the last one carries the whole."""
        clock = _Clock()
        question = tidy(question, self._max_chars)
        vector, hits = self._find(question, clock)
        passages = [_hit(hit) for hit in hits]
        yield Event("passages", passages)
        lexicon = self._lexicon()
        evidence = collect(Asked.of(question, vector, lexicon), hits, lexicon)
        language = language_of(question)
        same = not evidence or language_of(evidence[0].passage.text) == language
        confidence = self._calibration.confidence(features(evidence, hits, same))
        writer = Writer(self._source)
        if evidence and confidence >= self._calibration.threshold:
            for group in choose(evidence, self._max_sentences):
                delta, citations = writer.add(group)
                if delta:
                    yield Event("delta", delta)
                yield from (Event("citation", citation) for citation in citations)
        clock.lap("evidence")
        answer = self._whole(question, language, writer, passages, confidence, clock)
        yield Event("answer" if answer.status == "answered" else "no_evidence", answer)

    def warm(self) -> None:
        """Do once what the first question would otherwise wait for."""
        language_of("warm")
        self.search("warm")

    def search(self, query: str) -> SearchResult:
        """The passages that a question would be answered from."""
        clock = _Clock()
        query = tidy(query, self._max_chars)
        _, hits = self._find(query, clock)
        passages = [_hit(hit) for hit in hits]
        return SearchResult(query=query, passages=passages, timings_ms=clock.total(), index_version=self._version())

    def _find(self, question: str, clock: _Clock) -> tuple[Vectors, list[NodeWithScore]]:
        vector = self._encoder.encode_query(question)
        clock.lap("embed")
        hits = self._retriever.retrieve(QueryBundle(question, embedding=vector.tolist()))
        clock.lap("retrieve")
        return vector, hits

    def _whole(
        self, question: str, language: str, writer: Writer, passages: list[PassageHit], confidence: float, clock: _Clock
    ) -> Answer:
        answered = bool(writer.citations)
        cited = [passage.model_copy(update={"cited": _cites(writer.citations, passage)}) for passage in passages]
        return Answer(
            id=uuid.uuid4().hex, question=question, status="answered" if answered else "no_evidence",
            language=language, text=writer.text if answered else NO_EVIDENCE[language], citations=writer.citations,
            passages=cited, confidence=round(confidence, 4), invalid_citations=writer.invalid, notice=None,
            degraded=self._degraded(),
            timings_ms=clock.total(), index_version=self._version(),
        )  # fmt: skip

    def _query(self, query_bundle: QueryBundle) -> Response:
        answer = self.answer(query_bundle.query_str)
        return Response(response=answer.text, metadata={"answer": answer.model_dump()})

    async def _aquery(self, query_bundle: QueryBundle) -> Response:
        import asyncio

        return await asyncio.to_thread(self._query, query_bundle)

    def _get_prompt_modules(self) -> dict[str, Any]:
        return {}


class _Clock:
    """Milliseconds of each step since the last lap."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self._laps[name] = round((now - self._last) * 1000, 2)
        self._last = now

    def total(self) -> dict[str, float]:
        return {**self._laps, "total": round((time.perf_counter() - self._start) * 1000, 2)}


def _hit(hit: NodeWithScore) -> PassageHit:
    data = hit.node.metadata
    return PassageHit(
        id=hit.node.node_id, document_id=data["document_id"], file=data["file"], line_start=data["line_start"],
        line_end=data["line_end"], text=hit.node.get_content(), score=round(hit.score or 0.0, 4), cited=False,
    )  # fmt: skip


def _cites(citations: list[Citation], passage: PassageHit) -> bool:
    return any(
        c.document_id == passage.document_id
        and passage.line_start <= c.line_start
        and c.line_end <= passage.line_end
        and c.quote in passage.text
        for c in citations
    )
