"""Question → Answer. The read path, in order, once: embed, retrieve, weigh evidence, abstain or write, cite."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from copy import copy
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import Response
from llama_index.core.callbacks import CallbackManager
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from rag import messages
from rag.citations import Source, Writer
from rag.conversation.conversation import Conversation
from rag.errors import InvalidQuestion, ModelChanged
from rag.events import CitationAdded, Event, Finished, PassagesFound, Retracted, TextAdded
from rag.evidence.boilerplate import ScoresOf, without_boilerplate
from rag.evidence.confidence import Calibration, features
from rag.evidence.overlap import Lexicon
from rag.evidence.rank import Asked, Evidence, collect, in_order
from rag.evidence.select import choose
from rag.followups import is_followup
from rag.followups import standalone as by_rules
from rag.pool import Pool, require_client
from rag.progress import Clock, Finding, as_hit, cites
from rag.question import language_of, tidy
from rag.reading.agreement import Agreement, agreement
from rag.reading.asked_form import Form, asked_form
from rag.reading.stretches import StretchReader, read_evidence
from rag.scope import Scope
from rag.support.check import SupportCheck
from rag.types import Answer, AnswerSentence, SearchResult, Turn
from rag.vectors import Vectors
from rag.written.assembler import Words
from rag.written.author import Author, Ended, NotWritten
from rag.written.prompts import chosen


class QueryEncoder(Protocol):
    """What turns a question into a vector."""

    def encode_query(self, question: str) -> Vectors:
        """Unit vector of a question, shape (dimension,)."""


T = TypeVar("T")
log = logging.getLogger("renglon")
SETTLE = 5  # a document that is replaced between two looks is looked for again, this often


@dataclass(frozen=True)
class Indexed:
    """What the engine reads of the index besides the passages: texts, words, boilerplate, generation, health."""

    source: Source
    lexicon: Callable[[], Lexicon]
    version: Callable[[], int]
    boilerplate: ScoresOf = lambda *_: {}
    degraded: Callable[[], bool] = lambda: False


@dataclass(frozen=True)
class Written:
    """What is known of an answer because a model wrote it."""

    sentences: list[AnswerSentence]
    dropped_markers: int


class Engine(BaseQueryEngine):
    """Answers from the passages that a retriever finds. Holds no state between questions."""

    def __init__(
        self,
        *,
        retriever: BaseRetriever,
        encoder: QueryEncoder,
        index: Indexed,
        calibration: Calibration,
        calibrated: Callable[[Scope], Calibration | None] = lambda _: None,
        max_chars: int = 2000,
        max_sentences: int = 3,
        reader: StretchReader | None = None,
        author: Author | None = None,
        support: SupportCheck | None = None,
        conversation: Conversation | None = None,
        pool: Pool | None = None,
    ) -> None:
        """`reader` says where the answer stands, if it does; without it the ranking alone decides. `author` writes the
        answers, and `support` checks what it wrote; without them sentences are extracted. `conversation` answers what
        isn't a question; without it everything is taken for one. `pool` runs what is asked for asynchronously.
        `calibrated` knows which scopes have a calibration of their own."""
        self._retriever, self._encoder, self._index, self._reader = retriever, encoder, index, reader
        self._calibration, self._calibrated = calibration, calibrated
        self._max_chars, self._max_sentences = max_chars, max_sentences
        self._author, self._support = author, support
        self._conversation = conversation
        self._restricted = False  # to the documents in a scope
        self.pool = pool or Pool()
        self.successor: Engine | None = None  # answers once the index was given another model
        super().__init__(CallbackManager([]))

    def within(self, scope: Scope) -> Engine:
        """The same engine, which answers from the documents in a scope only.

        Raises UnknownCollection or UnknownDocument when the scope names one that there isn't.
        """
        if not scope:
            return self
        found = copy(self)
        within = getattr(self._retriever, "within", None)
        if within is None:
            raise InvalidQuestion("This retriever can't be restricted to some documents.", "Ask without a filter.")
        found._retriever, found._restricted = within(scope), True
        found._conversation = self._conversation and self._conversation.within(scope)
        found._calibration = self._calibrated(scope) or self._calibration
        found.successor = self.successor and self.successor.within(scope)
        return found

    def _current(self, work: Callable[[Engine], T]) -> T:
        """Some work on the index; done by the successor where the index was given another model meanwhile."""
        try:
            return work(self)
        except ModelChanged:
            if self.successor is None:
                raise
            return self.successor._current(work)

    def answer(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """Answer a question. Raises InvalidQuestion, IndexMissing, ProjectionDamaged."""
        if self._author is None:
            return _last(self.stream(question, history))
        with ThreadPoolExecutor(1) as pool:  # the caller's thread may have a loop of its own
            return pool.submit(asyncio.run, self._patiently(question, history)).result()

    async def aanswer(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """Answer a question, written by the model where there is one. Raises Overloaded too."""
        return _last([event async for event in self.astream(question, history)])

    async def _patiently(self, question: str, history: Sequence[Turn]) -> Answer:
        return _last([event async for event in self._steps(question, history, self.pool.go_on)])

    async def aextract(self, question: str, history: Sequence[Turn] = ()) -> list[Event]:
        """The steps of an extracted answer. Raises Overloaded too."""
        return await self.pool.run(lambda: list(self.stream(question, history)))

    async def asearch(self, query: str) -> SearchResult:
        """The passages that a question would be answered from. Raises Overloaded too."""
        return await self.pool.run(self.search, query)

    def stream(self, question: str, history: Sequence[Turn] = ()) -> Iterator[Event]:
        """The steps of an extracted answer, as they are made; the last one carries the whole."""
        if (aside := self._aside(question)) is not None:
            yield from aside
            return
        finding, writer = self._settled(question, history)
        yield PassagesFound(finding.passages)
        yield from self._extract(finding, writer=writer)

    async def astream(self, question: str, history: Sequence[Turn] = ()) -> AsyncGenerator[Event, None]:
        """The steps of an answer, written by the model where there is one; the last one carries the whole.

        Raises Overloaded before the first one.
        """
        async with aclosing(self._steps(question, history, self.pool.run)) as steps:
            async for event in steps:
                yield event

    async def _steps(
        self, question: str, history: Sequence[Turn], admitted: Callable[..., Awaitable[Any]]
    ) -> AsyncGenerator[Event, None]:
        if self._author is None:
            for event in await admitted(lambda: list(self.stream(question, history))):
                yield event
            return
        if (aside := await admitted(self._aside, question)) is not None:
            for event in aside:
                yield event
            return
        deadline = self._author.deadline()
        standalone = await self._understood(question, history, deadline)
        finding = await self.pool.go_on(self._find, question, history, standalone)
        yield PassagesFound(finding.passages)
        if finding.verdict != "no_evidence":
            async for event in self._written(self._author, finding, deadline):
                yield event
        else:
            yield Finished(self._whole(finding, self._writer(finding)))

    def _aside(self, question: str) -> list[Event] | None:
        """The steps of the reply to small talk or to a request for a summary; None for a question."""
        return self._current(lambda engine: engine._reply(question))

    def _reply(self, question: str) -> list[Event] | None:
        if self._conversation is None:
            return None
        question = tidy(question, self._max_chars)
        reply = self._conversation.small_talk(question, lambda suggested: _last(self.stream(suggested)))
        if reply is not None:
            return [PassagesFound([]), TextAdded(reply.text), Finished(reply)]
        summary = self._conversation.summary(
            question, lambda topic: self._retrieve(topic, Clock()), self._encoder.encode_query
        )
        if summary is None:
            return None
        return [PassagesFound(summary.finding.passages), *self._extract(summary.finding, summary.notice)]

    def warm(self) -> None:
        """Do once what the first question would otherwise wait for."""
        language_of("warm")
        self.search("warm")

    def search(self, query: str) -> SearchResult:
        """The passages that a question would be answered from."""
        return self._current(lambda engine: engine._search(query))

    def _search(self, query: str) -> SearchResult:
        clock = Clock()
        query = tidy(query, self._max_chars)
        passages = [as_hit(hit) for hit in in_order(*self._retrieve(query, clock))]
        return SearchResult(
            query=query, passages=passages, timings_ms=clock.total(), index_version=self._index.version()
        )

    def _retrieve(self, question: str, clock: Clock) -> tuple[list[NodeWithScore], list[Evidence]]:
        """Passages as they were found, and their sentences, best first."""
        vector = self._encoder.encode_query(question)
        clock.lap("embed")
        hits = self._retriever.retrieve(QueryBundle(question, embedding=vector.tolist()))
        clock.lap("retrieve")
        lexicon = self._index.lexicon()
        evidence = collect(Asked.of(question, vector, lexicon), hits, lexicon)
        evidence = without_boilerplate(evidence, self._index.boilerplate)
        clock.lap("evidence")
        if self._reader:
            require_client()  # reading takes most of the time
            evidence = read_evidence(self._reader, question, evidence)
            clock.lap("read")
        return hits, evidence

    def _find(self, question: str, history: Sequence[Turn], standalone: str | None = None) -> Finding:
        return self._current(lambda engine: engine._finding(question, history, standalone))

    def _finding(self, question: str, history: Sequence[Turn], standalone: str | None) -> Finding:
        clock = Clock()
        question = tidy(question, self._max_chars)
        standalone = standalone or by_rules(question, history, self._max_chars)
        understood = standalone or question
        hits, evidence = self._retrieve(understood, clock)
        language = language_of(question)
        same = not evidence or language_of(evidence[0].passage.text) == language
        asked = asked_form(understood)
        confidence = self._calibration.confidence(features(asked, evidence, hits, same))
        verdict = self._calibration.verdict(confidence, language) if evidence else "no_evidence"
        passages = [as_hit(hit) for hit in in_order(hits, evidence)]
        groups = choose(evidence, self._max_sentences) if verdict != "no_evidence" else []
        agreed = Agreement()
        if verdict == "answered":
            groups, agreed = agreement(understood, groups, evidence)
        return Finding(
            question, standalone, language, passages, evidence, groups, confidence, verdict, same, clock,
            agreed, yes_or_no=asked.form is Form.YES_NO,
        )  # fmt: skip

    def _writer(self, finding: Finding) -> Writer:
        return Writer(self._index.source, near=finding.verdict == "unsure")

    def _settled(self, question: str, history: Sequence[Turn]) -> tuple[Finding, Writer]:
        """A finding, and a writer that holds its texts: looked for again when one was replaced under our hands."""
        for _ in range(SETTLE):
            finding = self._find(question, history)
            writer = self._writer(finding)
            if writer.holds(evidence for group in finding.groups for evidence in group):
                break
        return finding, writer

    async def _understood(self, question: str, history: Sequence[Turn], deadline: float) -> str | None:
        """A follow-up so that it stands alone, rewritten by the model."""
        question = tidy(question, self._max_chars)
        if self._author is None or not history or not is_followup(question):
            return None  # a question that stands alone is neither kept waiting nor put at a model's mercy
        found = await self._author.standalone(question, language_of(question), history, deadline, self._max_chars)
        return None if found == question else found

    def _extract(self, finding: Finding, notice: str | None = None, writer: Writer | None = None) -> Iterator[Event]:
        """The steps of an answer in the source's own words."""
        writer = writer or self._writer(finding)
        if finding.verdict == "unsure":
            writer.write(messages.NEAREST[finding.language])
            yield TextAdded(writer.text)
        for group in finding.groups:
            delta, citations = writer.add(group)
            if delta:
                yield TextAdded(delta)
            yield from (CitationAdded(citation) for citation in citations)
        yield Finished(self._whole(finding, writer, self._notice(finding, writer, notice)))

    def _notice(self, finding: Finding, writer: Writer, notice: str | None) -> str | None:
        """What a reader of sentences in the source's own words should know, after what was noticed before."""
        said = [notice or ""]
        if writer.citations and finding.yes_or_no and finding.verdict == "answered":
            said.append(messages.YES_OR_NO[finding.language])
        if writer.citations and not finding.same_language:
            said.append(messages.AS_WRITTEN[finding.language])
        return " ".join(filter(None, said)) or None

    async def _written(self, author: Author, finding: Finding, deadline: float) -> AsyncIterator[Event]:
        """The steps of an answer that the model writes; of an extracted one, when it fails."""
        writer, closed, dropped = self._writer(finding), [], 0
        evidence = chosen(finding.evidence)
        question, careful = finding.standalone or finding.question, finding.verdict == "unsure"
        steps = author.write(question, finding.language, evidence, deadline, careful)
        try:
            async for step in steps:
                if isinstance(step, Words):
                    writer.write(step.text)
                    yield TextAdded(step.text)
                elif isinstance(step, Ended):
                    dropped = step.dropped_markers
                else:
                    cited = [evidence[id_ - 1] for id_ in step.ids]
                    closed.append((len(writer.text) - len(step.text), step.text, cited))
                    markers, citations = await asyncio.to_thread(writer.cite, cited, len(step.text))
                    if markers:
                        yield TextAdded(markers)
                    for citation in citations:
                        yield CitationAdded(citation)
            finding.clock.lap("write")
            sentences = await asyncio.to_thread(self._checked, closed, finding.language)
            finding.clock.lap("check")
            yield Finished(self._whole(finding, writer, written=Written(sentences, dropped)))
        except Exception as failure:
            if not isinstance(failure, NotWritten):
                log.exception("a written answer failed; the extracted one is given")
            reason = failure.reason if isinstance(failure, NotWritten) else "failed"
            notice = messages.NOT_WRITTEN[reason][finding.language]
            if writer.text:
                yield Retracted(notice)
            for event in await asyncio.to_thread(lambda: list(self._extract(finding, notice))):
                yield event
        finally:
            await steps.aclose()

    def _checked(self, closed: list[tuple[int, str, list[Evidence]]], language: str) -> list[AnswerSentence]:
        if self._support is None:
            return []
        verdicts = self._support.check([(text, cited) for _, text, cited in closed], language)
        return [
            AnswerSentence(answer_start=at, answer_end=at + len(text), supported=v.supported, reason=v.reason)
            for (at, text, _), v in zip(closed, verdicts, strict=True)
        ]

    def _whole(
        self, finding: Finding, writer: Writer, notice: str | None = None, written: Written | None = None
    ) -> Answer:
        answered = bool(writer.citations)
        if self._restricted and not finding.passages:
            notice = messages.NOTHING_IN_SCOPE[finding.language]
        cited = [hit.model_copy(update={"cited": cites(writer.citations, hit)}) for hit in finding.passages]
        return Answer(
            id=uuid.uuid4().hex, question=finding.question, status=finding.verdict if answered else "no_evidence",
            mode="generative" if written else "extractive", language=finding.language,
            text=writer.text if answered else messages.NO_EVIDENCE[finding.language], citations=writer.citations,
            passages=cited, confidence=round(finding.confidence, 4), invalid_citations=writer.invalid, notice=notice,
            sentences=written.sentences if written else [], dropped_markers=written.dropped_markers if written else 0,
            differing=finding.agreement.differing(writer.citations) if answered else [],
            agreeing=finding.agreement.comparison.agreeing if answered else None,
            standalone_question=finding.standalone, degraded=self._index.degraded(),
            timings_ms=finding.clock.total(), index_version=self._index.version(),
        )  # fmt: skip

    def _query(self, query_bundle: QueryBundle) -> Response:
        return _response(self.answer(query_bundle.query_str))

    async def _aquery(self, query_bundle: QueryBundle) -> Response:
        return _response(await self.aanswer(query_bundle.query_str))

    def _get_prompt_modules(self) -> dict[str, Any]:
        return {}


def _last(events: Iterable[Event]) -> Answer:
    *_, last = events
    assert isinstance(last, Finished)
    return last.answer


def _response(answer: Answer) -> Response:
    nodes = [
        NodeWithScore(
            node=TextNode(id_=hit.id, text=hit.text, metadata=hit.model_dump(exclude={"id", "text", "score", "cited"})),
            score=hit.score,
        )
        for hit in answer.passages
    ]
    return Response(response=answer.text, source_nodes=nodes, metadata={"answer": answer.model_dump()})
