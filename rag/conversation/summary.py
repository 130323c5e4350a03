"""An extractive summary: the sentences that say what most of the others say, without saying the same twice.

Sentences are compared by the vectors that the catalogue stores. How central one is follows from the others that
resemble it, and from how central those are (LexRank: the stationary distribution of a walk over the sentences); the
choice then goes by centrality less the likeness to what is chosen already (maximal marginal relevance).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from rag.evidence.boilerplate import ScoresOf, is_boilerplate
from rag.evidence.rank import Evidence
from rag.passages import PassageNode
from rag.vectors import Vectors

FEWEST, MOST = 5, 8  # sentences of a summary
CANDIDATES = 800  # sentences that are compared with each other at most: 800² likenesses take 5 MB
DAMPING = 0.85  # LexRank's and PageRank's
STEPS = 30  # of the walk; it settles long before
CENTRALITY = 0.65  # weight of centrality against likeness to what is chosen already
SAME = 0.93  # cosine from which a sentence says what another one says already
_LEADS = 3  # first sentences of a document, which often say what it is about …
_LEAD_BONUS = 0.15  # … and so much more
_LEANING = 0.25  # what a sentence loses that leans on the one before it
_SHORTEST, _LONGEST = 8, 60  # words of a sentence that can stand in a summary

_WHOLE = re.compile(r"[.!?][»”\"')\]]*$")
_LEANS = re.compile(
    r"^[«“\"']"
    r"|^(?:est[aeo]s?|es[aeo]s?|aquel\w*|ell[ao]s?|él|su|sus|así|también|además|asimismo|sin embargo|no obstante"
    r"|por (?:su parte|eso|ello|tanto|otro lado)|entonces|pero|y|e|o|aun así|luego|después|entre ell[ao]s|a cambio|dijo"
    r"|this|that|these|those|it|he|she|they|his|her|its|their|but|and|or|also|however|moreover|besides|then|so|such"
    r"|meanwhile|therefore|in addition|instead|among them|as a result|both)\b",
    re.IGNORECASE,
)
_CAPTION = re.compile(r"^(?:archivo|foto(?:grafía)?|imagen|file|photo|image|picture)\b[^.]{0,20}:", re.IGNORECASE)


def summarise(
    passages: Sequence[PassageNode],
    scores_of: ScoresOf,
    terms_of: Callable[[str], Sequence[str]],
    relevance: Callable[[Vectors], Vectors] | None = None,
) -> list[Evidence]:
    """Five to eight sentences of the passages, fewer where there are no more, in the order of reading.

    `relevance` says how near vectors are to what the summary is to be about, 0 to 1; without it, it is about all.
    """
    candidates = _candidates(passages, scores_of)
    if not candidates:
        return []
    vectors = np.stack([e.vector for e in candidates if e.vector is not None])
    weight = _centrality(vectors) + np.array([e.score for e in candidates], np.float32)
    if relevance is not None:
        weight = weight + 2 * relevance(vectors)
    chosen = _choice(candidates, vectors, weight)
    order = {passage.metadata["document_id"]: i for i, passage in reversed(list(enumerate(passages)))}
    sentences = [candidates[i] for i in chosen]
    sentences.sort(key=lambda e: (order[e.passage.metadata["document_id"]], e.sentence.char_start))
    return [_with_terms(e, float(weight[candidates.index(e)]), terms_of) for e in sentences]


def _candidates(passages: Sequence[PassageNode], scores_of: ScoresOf) -> list[Evidence]:
    """Sentences that can stand in a summary; their score is what their place and their form add to centrality."""
    found: list[Evidence] = []
    seen: Counter[str] = Counter()
    for passage in passages:
        if passage.vectors is None:
            continue
        data = passage.metadata
        lines = scores_of(data["document_id"], data["file_sha256"])
        for number, (sentence, vector) in enumerate(zip(passage.sentences, passage.vectors, strict=True)):
            words = len(sentence.text.split())
            if is_boilerplate(lines, sentence.char_start) or not _WHOLE.search(sentence.text):
                continue
            if not _SHORTEST <= words <= _LONGEST or "?" in sentence.text or _CAPTION.search(sentence.text):
                continue
            seen[data["document_id"]] += 1
            score = _LEAD_BONUS * (seen[data["document_id"]] <= _LEADS) - _LEANING * bool(_LEANS.search(sentence.text))
            found.append(Evidence(sentence, number, passage, vector, frozenset(), 0.0, 0.0, score))
    if len(found) <= CANDIDATES:
        return found
    vectors = np.stack([e.vector for e in found if e.vector is not None])
    near = vectors @ vectors.mean(axis=0)  # of very many, those nearest to the middle of all
    return [found[i] for i in sorted(np.argsort(-near)[:CANDIDATES])]


def _centrality(vectors: Vectors) -> npt.NDArray[np.float32]:
    """How central each sentence is, 0 to 1."""
    centred = vectors - vectors.mean(axis=0)  # E5's cosines are all high: what they share says nothing
    norms = np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)
    likeness = np.maximum((centred / norms) @ (centred / norms).T, 0)
    np.fill_diagonal(likeness, 0)
    degree = likeness.sum(axis=1, keepdims=True)
    count = len(vectors)
    walk = np.where(degree > 0, likeness / np.maximum(degree, 1e-9), 1 / count)
    rank = np.full(count, 1 / count)
    for _ in range(STEPS):
        rank = (1 - DAMPING) / count + DAMPING * (rank @ walk)
    low, high = float(rank.min()), float(rank.max())
    return np.asarray((rank - low) / (high - low or 1.0), np.float32)


def _choice(candidates: Sequence[Evidence], vectors: Vectors, weight: Vectors) -> list[int]:
    """The places of the sentences chosen, each document getting its share."""
    documents = [e.passage.metadata["document_id"] for e in candidates]
    sizes = Counter(documents)
    count = min(MOST, max(FEWEST, len(sizes) + 1), len(candidates))
    limit = {id_: max(1, -(-count * size // len(candidates))) for id_, size in sizes.items()}
    likeness = vectors @ vectors.T
    low = float(likeness.min())
    likeness = (likeness - low) / (1 - low or 1.0)
    same = (SAME - low) / (1 - low or 1.0)
    chosen: list[int] = []
    taken: Counter[str] = Counter()
    while len(chosen) < count:
        nearest = likeness[:, chosen].max(axis=1) if chosen else np.zeros(len(candidates))
        value = CENTRALITY * weight - (1 - CENTRALITY) * nearest
        for i, id_ in enumerate(documents):
            waiting = len(sizes) <= count and not taken[id_]  # every document gets a sentence before any gets two
            if taken[id_] >= limit[id_] or nearest[i] >= same:
                value[i] = -np.inf
            elif waiting:
                value[i] += 1
        best = int(value.argmax())
        if not np.isfinite(value[best]):
            break
        chosen.append(best)
        taken[documents[best]] += 1
    return chosen


def _with_terms(e: Evidence, score: float, terms_of: Callable[[str], Sequence[str]]) -> Evidence:
    return replace(e, terms=frozenset(terms_of(e.sentence.text)), score=max(0.0, score))
