"""What is trained on, and how examples are drawn from it: a question and a stretch of a paragraph, answered or not."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eval.reader.data import Paragraph
from eval.reader.states import Read

# Of the unanswerable questions, the share that people wrote to mislead; there are fewer of them than of those made.
TRICKY = 0.5
# Share of the examples that come from the invented texts, where there are any …
INVENTED = 0.4
# … and of those, the share in which the stretch answers.
INVENTED_ANSWERED = 0.45
# Of the others, the share of questions that no passage of their subject answers; the rest are answered elsewhere.
NEVER_ANSWERED = 0.65
# Share of the unanswered ones among them that are drawn from the passage nearest to the question.
NEAREST = 0.5
# Stretches without the answer that a question's stretch with it is compared with.
RIVALS = 3
# Of the rivals, the share drawn from the passages nearest to the question, as a search would find them.
FOUND = 0.6
# Share of the comparisons that are about an English question on a Spanish text.
ENGLISH_ON_SPANISH = 0.3
# Share of the questions that are read as people type them in haste.
SLOPPY = 0.25
# Share of a stretch's tokens that are hidden while training, so that no example is learned by heart.
HIDDEN = 0.08
MOST_TOKENS = 160  # of a stretch of a paragraph
MOST_OF_QUESTION = 80  # tokens, as in rag.reading.reader
# Two paragraphs of one article in two languages that are nearer than this are taken for translations.
SAME_PARAGRAPH = 0.96
_SENTENCE_END = re.compile(r"(?<=[.!?…:;])\s+(?=\S)")


@dataclass
class Asked:
    """The questions as they were written, and as people type them in haste."""

    written: Read
    sloppy: Read


def in_haste(question: str) -> str:
    """A question in lower case and without its marks."""
    return question.lower().strip(" ¿?.")


@dataclass
class Ask:
    """A question, by its number among the questions read, about a paragraph, by its number."""

    question: int
    paragraph: int
    spans: tuple[tuple[int, int], ...]
    language: str


# (ask, paragraph, first token, token after the last, first and last token of the answer; 0, 0: not answered)
Drawn = tuple[Ask, int, int, int, int, int]


class Pool:
    """All that can be trained on, and how examples are drawn from it."""

    def __init__(
        self,
        paragraphs: list[Paragraph],
        read: Read,
        asks: list[Ask],
        questions: Asked,
        seed: int,
        invented: Sequence[Ask] = (),
    ) -> None:
        """`invented`: asks about passages of the invented texts; those of one question follow one another."""
        self.paragraphs, self.read, self.questions = paragraphs, read, questions
        self.random = random.Random(seed)
        self.answered = [ask for ask in asks if ask.spans]
        self.unanswered = [ask for ask in asks if not ask.spans]
        self.english_on_spanish = [
            ask for ask in self.answered if ask.language == "en" and paragraphs[ask.paragraph].language == "es"
        ]
        self.invented_answered = [ask for ask in invented if ask.spans]
        unanswered: dict[int, list[Ask]] = {}
        for ask in invented:
            if not ask.spans:
                unanswered.setdefault(ask.question, []).append(ask)
        # Passages of its subject that don't answer a question that others answer, by question.
        self.silent = unanswered
        answered = {ask.question for ask in self.invented_answered}
        self.invented_never = [asks for question, asks in unanswered.items() if question not in answered]
        self.invented_elsewhere = [asks for question, asks in unanswered.items() if question in answered]
        written = sum(len(paragraph.questions) for paragraph in paragraphs)  # the questions after these were made
        self.tricky = [ask for ask in self.unanswered if ask.question < written]
        self.sentences = [self._sentences(i) for i in range(len(paragraphs))]
        articles: dict[str, list[int]] = {}
        for i, paragraph in enumerate(paragraphs):
            articles.setdefault(paragraph.article, []).append(i)
        self.near: dict[int, list[int]] = {}
        for members in articles.values():
            vectors = read.vectors[members]
            order = np.argsort(-(vectors @ vectors.T), axis=1)
            for row, i in enumerate(members):
                self.near[i] = [members[j] for j in order[row][:9] if members[j] != i]

    def tokens(self, i: int) -> np.ndarray:
        return self.read.offsets[self.read.firsts[i] : self.read.firsts[i + 1]]

    def _sentences(self, i: int) -> list[tuple[int, int]]:
        """(first token, token after the last) of the paragraph's sentences."""
        text, offsets = self.paragraphs[i].text, self.tokens(i)
        ends = [m.start() for m in _SENTENCE_END.finditer(text)] + [len(text)]
        inside = [k for k in range(len(offsets)) if offsets[k][1] > offsets[k][0] and offsets[k][1] > 0]
        found, first = [], inside[0]
        for end in ends:
            after = first
            while after <= inside[-1] and offsets[after][0] < end:
                after += 1
            if after > first:
                found.append((first, after))
                first = after
        return found

    def draw(self) -> Drawn:
        """(ask, paragraph, first token, token after, start, end): a question and a stretch; 0, 0: not answered."""
        while True:
            kind = self.random.random()
            if self.invented_answered and self.random.random() < INVENTED:
                drawn = self._of_invented()
            elif kind < 0.70:
                ask = self.random.choice(self.answered)
                if ask.language not in ("es", "en") and self.random.random() < 0.35:
                    continue  # the languages that the questions come in count for more
                drawn = (
                    self._positive(ask) if kind < 0.46 else self._beside(ask) if kind < 0.58 else self._elsewhere(ask)
                )
            else:
                ask = self.random.choice(self.tricky if self.random.random() < TRICKY else self.unanswered)
                drawn = (ask, ask.paragraph, *self._stretch(ask.paragraph), 0, 0)
            if drawn:
                return drawn

    def compared(self) -> list[Drawn]:
        """A stretch that answers a question, and RIVALS after it that don't."""
        while True:
            if self.invented_answered and self.random.random() < INVENTED:
                ask = self.random.choice(self.invented_answered)
                rival = self._silent
            else:
                foreign = self.english_on_spanish and self.random.random() < ENGLISH_ON_SPANISH
                ask = self.random.choice(self.english_on_spanish if foreign else self.answered)
                if ask.language not in ("es", "en") and self.random.random() < 0.35:
                    continue
                rival = self._elsewhere
            rivals = [one for one in (self._beside(ask), *(rival(ask) for _ in range(2 * RIVALS))) if one]
            answering = self._positive(ask)
            if answering and len(rivals) >= RIVALS:
                return [answering, *rivals[:RIVALS]]

    def _silent(self, ask: Ask) -> Drawn | None:
        """A stretch of another passage of an invented subject, one that does not answer."""
        asks = self.silent.get(ask.question)
        if not asks:
            return None
        i = self._one_near(ask, [other.paragraph for other in asks])
        return ask, i, *self._stretch(i), 0, 0

    def _one_near(self, ask: Ask, among: Sequence[int]) -> int:
        """One of some paragraphs, often one of the two that are nearest to a question."""
        if self.random.random() < FOUND:
            question = self.questions.written.vectors[ask.question]
            among = sorted(among, key=lambda i: -float(self.read.vectors[i] @ question))[:2]
        return self.random.choice(among)

    def _of_invented(self) -> Drawn | None:
        """A question about an invented subject, and a stretch of one of its passages."""
        kind = self.random.random()
        if kind < INVENTED_ANSWERED:
            return self._positive(self.random.choice(self.invented_answered))
        if kind < INVENTED_ANSWERED + 0.1:
            return self._beside(self.random.choice(self.invented_answered))
        never = self.random.random() < NEVER_ANSWERED
        asks = self.random.choice(self.invented_never if never else self.invented_elsewhere)
        if self.random.random() < NEAREST:
            question = self.questions.written.vectors[asks[0].question]
            ask = max(asks, key=lambda ask: float(self.read.vectors[ask.paragraph] @ question))
        else:
            ask = self.random.choice(asks)
        return ask, ask.paragraph, *self._stretch(ask.paragraph), 0, 0

    def _stretch(self, i: int, around: tuple[int, int] | None = None) -> tuple[int, int]:
        """Some sentences of a paragraph in a row, those of `around` (numbers, end exclusive) among them."""
        sentences = self.sentences[i]
        if around is None:
            at = self.random.randrange(len(sentences))
            around = (at, at + 1)
            count = self.random.choice((2, 3, 4, 6, 9))
        else:
            count = around[1] - around[0] + self.random.choice((0, 1, 2, 2, 3, 5))
        low, high = around
        while high - low < count and (low > 0 or high < len(sentences)):
            if high < len(sentences) and (low == 0 or self.random.random() < 0.5):
                high += 1
            else:
                low -= 1
            if sentences[high - 1][1] - sentences[low][0] > MOST_TOKENS:
                if low < around[0] and self.random.random() < 0.5:
                    low += 1
                elif high > around[1]:
                    high -= 1
                else:
                    low = min(low + 1, around[0])
                break
        first, after = sentences[low][0], sentences[high - 1][1]
        return first, min(after, first + MOST_TOKENS + 40)

    def _positive(self, ask: Ask) -> Drawn | None:
        a, b = self.random.choice(ask.spans)
        offsets = self.tokens(ask.paragraph)
        inside = [
            k for k in range(len(offsets)) if offsets[k][1] > max(a, 0) and offsets[k][0] < b and offsets[k][1] > 0
        ]
        if not inside:
            return None
        lo, hi = inside[0], inside[-1]
        around = [n for n, (s, e) in enumerate(self.sentences[ask.paragraph]) if e > lo and s <= hi]
        if not around:
            return None
        first, after = self._stretch(ask.paragraph, (around[0], around[-1] + 1))
        if not first <= lo or not hi < after:
            return None
        return ask, ask.paragraph, first, after, lo, hi

    def _beside(self, ask: Ask) -> Drawn | None:
        """Sentences of the answering paragraph beside the one that answers."""
        i, text = ask.paragraph, self.paragraphs[ask.paragraph].text
        offsets, sentences = self.tokens(i), self.sentences[i]
        answers = {text[a:b].lower() for a, b in ask.spans}
        clean = []
        for n, (s, e) in enumerate(sentences):
            low, high = max(0, int(offsets[s][0])), int(offsets[e - 1][1])
            piece = text[low:high].lower()
            if all(b <= low or a >= high for a, b in ask.spans) and not any(answer in piece for answer in answers):
                clean.append(n)
        if not clean:
            return None
        at = self.random.choice(clean)
        low = high = at
        count = self.random.choice((1, 2, 3, 4))
        while high + 1 in clean and high - low + 1 < count:
            high += 1
        while low - 1 in clean and high - low + 1 < count:
            low -= 1
        first, after = sentences[low][0], sentences[high][1]
        return ask, i, first, min(after, first + MOST_TOKENS), 0, 0

    def _elsewhere(self, ask: Ask) -> Drawn | None:
        """A stretch of a near paragraph of the same article that lacks the answer."""
        near = self.near[ask.paragraph]
        if not near:
            return None
        i = self._one_near(ask, near)
        text = self.paragraphs[ask.paragraph].text
        if any(text[a:b].lower() in self.paragraphs[i].text.lower() for a, b in ask.spans):
            return None
        if (
            self.read.vectors[i] @ self.read.vectors[ask.paragraph] > 0.96
            and self.paragraphs[i].language != self.paragraphs[ask.paragraph].language
        ):
            return None  # the same paragraph in another language
        return ask, i, *self._stretch(i), 0, 0

    def batch(
        self, drawn: list[Drawn], hidden: float = 0.0, sloppy: float = 0.0
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """states, passage, seen, starts, ends of a batch, padded.

        `hidden`: share of the passages' tokens, those of the answer excepted, that the network is not to see;
        `sloppy`: share of the questions that are read as people type them in haste.
        """
        rows = []
        for ask, i, first, after, start, end in drawn:
            asked = self.questions.sloppy if self.random.random() < sloppy else self.questions.written
            first_of, after_of = asked.firsts[ask.question], asked.firsts[ask.question + 1]
            q = asked.states[first_of : min(after_of, first_of + MOST_OF_QUESTION)]
            base = int(self.read.firsts[i])
            p = self.read.states[base + first : base + after]
            shift = len(q) - first
            rows.append((q, p, start + shift if end else 0, end + shift if end else 0))
        width = max(len(q) + len(p) for q, p, _, _ in rows)
        states = torch.zeros(len(rows), width, rows[0][0].shape[1])
        passage = torch.zeros(len(rows), width, dtype=torch.bool)
        seen = torch.zeros(len(rows), width, dtype=torch.bool)
        for k, (q, p, start, end) in enumerate(rows):
            states[k, : len(q)], states[k, len(q) : len(q) + len(p)] = q, p
            passage[k, len(q) : len(q) + len(p)] = True
            seen[k, : len(q)] = True
            seen[k, len(q) : len(q) + len(p)] = torch.rand(len(p)) >= hidden
            if end:
                seen[k, start : end + 1] = True
        return states, passage, seen, torch.tensor([r[2] for r in rows]), torch.tensor([r[3] for r in rows])
