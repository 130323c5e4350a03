"""The conversation's own answers, which need no search: small talk and summaries."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from llama_index.core.schema import NodeWithScore

from rag.conversation import replies
from rag.conversation.articles import Articles, Listed, at_place, named, read, sampled
from rag.conversation.small_talk import SmallTalk, small_talk
from rag.conversation.suggestions import Suggestions, candidates
from rag.conversation.summary import summarise
from rag.conversation.summary_request import SummaryRequest, summary_request
from rag.evidence.boilerplate import ScoresOf
from rag.evidence.overlap import WORD, Lexicon
from rag.evidence.rank import Evidence
from rag.passages import PassageNode
from rag.progress import Clock, Finding, as_hit
from rag.question import language_of
from rag.scope import Scope
from rag.types import Answer
from rag.vectors import Vectors

# How near a subject must be to the articles to be summed up: they share half of its words, or a sentence is this near.
_SHARED = 0.5
_NEAR = 0.82
_FIRST = 10  # sentences of a subject that decide
_NO_SUCH_WORD = WORD + "qxzkqxzk"
# Scopes whose suggested questions are kept, those that were used last.
SCOPES = 64

Search = Callable[[str], tuple[Sequence[NodeWithScore], Sequence[Evidence]]]


@dataclass(frozen=True)
class Summary:
    """What a summary is made of; `notice` says what it leaves out."""

    finding: Finding
    notice: str | None


class Conversation:
    """Recognises and answers what isn't a question. Safe to call from many threads."""

    def __init__(
        self, articles: Articles, lexicon: Callable[[], Lexicon], scores_of: ScoresOf, version: Callable[[], int]
    ) -> None:
        self._articles, self._lexicon, self._scores_of, self._version = articles, lexicon, scores_of, version
        self._suggestions = Suggestions()
        # Kept, since the questions that it suggests are kept in it: finding them takes a second or two.
        self._scoped = lru_cache(SCOPES)(self._restricted)

    def within(self, scope: Scope) -> Conversation:
        """The same, over the documents in a scope only."""
        return self._scoped(scope)

    def _restricted(self, scope: Scope) -> Conversation:
        return Conversation(self._articles.within(scope), self._lexicon, self._scores_of, self._version)

    def small_talk(self, message: str, ask: Callable[[str], Answer]) -> Answer | None:
        """The reply to small talk; None for anything else. `ask` tries the questions that it suggests."""
        talk = small_talk(message, self._is_known)
        return self._reply(message, talk, ask) if talk else None

    def summary(self, message: str, search: Search, encode: Callable[[str], Vectors]) -> Summary | None:
        """What a message wants summed up; None when it isn't a request for a summary."""
        request = summary_request(message)
        if request is None:
            return None
        clock = Clock()
        documents = self._articles.listed()
        hits = self._on_subject(request.topic, search) if request.scope in ("topic", "document") else []
        chosen = self._chosen(request, documents, hits)
        notice = None
        if chosen:
            passages = read(self._articles, chosen)
            sentences = summarise(passages, self._scores_of, self._lexicon().terms)
            some = len(sampled(chosen))
            notice = replies.SAMPLED[request.language].format(some, len(chosen)) if some < len(chosen) else None
        else:
            passages = list({e.passage.node_id: e.passage for e in hits}.values())
            relevance = _Relevance(encode(request.topic)) if hits else None
            sentences = summarise(passages, self._scores_of, self._lexicon().terms, relevance)
        clock.lap("evidence")
        return Summary(_finding(message, request.language, passages, sentences, clock), notice)

    def _reply(self, message: str, talk: SmallTalk, ask: Callable[[str], Answer]) -> Answer:
        clock = Clock()
        language = talk.language or language_of(message)
        documents = self._articles.listed()
        version = self._version()
        suggestions = self._suggestions.of(
            version,
            language,
            lambda: candidates(read(self._articles, documents), language, self._scores_of),
            ask,
        )
        text = replies.reply(talk.kind, language, [document.file for document in documents], suggestions)
        return Answer(
            id=uuid.uuid4().hex, question=message, status="none_asked", language=language, text=text, citations=[],
            passages=[], confidence=0.0, suggestions=suggestions, timings_ms=clock.total(), index_version=version,
        )  # fmt: skip

    def _is_known(self, word: str) -> bool:
        """Whether the corpus has a word."""
        weights = self._lexicon().idf([WORD + word, _NO_SUCH_WORD])
        return weights.get(WORD + word, 0.0) < weights[_NO_SUCH_WORD]

    def _chosen(
        self, request: SummaryRequest, documents: Sequence[Listed], hits: Sequence[Evidence]
    ) -> Sequence[Listed]:
        """The documents that a request means; none when it means a subject, or nothing that there is."""
        if request.scope == "all":
            return documents
        if request.scope == "place":
            one = at_place(documents, request.place)
        elif one := named(documents, request.topic):
            pass
        elif request.scope == "document" and hits:
            scores: dict[str, float] = defaultdict(float)
            for e in hits[:_FIRST]:
                scores[e.place[0]] += max(0.0, e.score)
            best = max(scores, key=lambda id_: scores[id_])
            one = next((document for document in documents if document.id == best), None)
        return [one] if one else []

    def _on_subject(self, topic: str, search: Search) -> Sequence[Evidence]:
        """What the articles have on a subject; nothing when it isn't theirs."""
        evidence = search(topic)[1] if topic.strip() else []
        return evidence if any(e.shared >= _SHARED or e.cosine >= _NEAR for e in evidence[:_FIRST]) else []


@dataclass(frozen=True)
class _Relevance:
    """How near sentences are to a subject, 0 for the farthest and 1 for the nearest of them."""

    vector: Vectors

    def __call__(self, vectors: Vectors) -> Vectors:
        cosines = vectors @ self.vector
        low, high = float(cosines.min()), float(cosines.max())
        return np.asarray((cosines - low) / (high - low or 1.0), np.float32)


def _finding(
    message: str, language: str, passages: Sequence[PassageNode], sentences: list[Evidence], clock: Clock
) -> Finding:
    cited = {e.passage.node_id for e in sentences}
    hits = [as_hit(NodeWithScore(node=passage, score=0.0)) for passage in passages if passage.node_id in cited]
    same = not sentences or language_of(sentences[0].passage.text) == language
    return Finding(
        question=message, standalone=None, language=language, passages=hits, evidence=sentences,
        groups=[[e] for e in sentences], confidence=1.0 if sentences else 0.0,
        verdict="answered" if sentences else "no_evidence", same_language=same, clock=clock,
    )  # fmt: skip
