"""Train the reader: `python -m eval.reader.train --data FOLDER --model FOLDER --out FILE --minutes N`.

Resumable: `--out` holds weights, optimiser and the state of the random numbers, and is written every five minutes.
"""

from __future__ import annotations

import argparse
import os
import pickle
import random
import re
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from eval.reader.data import HELD, Paragraph, Question, all_paragraphs
from eval.reader.negatives import swapped, transplanted
from eval.reader.states import LowerLayers, Read
from rag.reading.network import LOWER, Upper, layers_of

BATCH, RATE, WARM = 24, 2e-4, 300
MOST_TOKENS = 160  # of a stretch of a passage
EMA = 0.998
_SENTENCE_END = re.compile(r"(?<=[.!?…:;])\s+(?=\S)")


@dataclass
class Ask:
    """A question, by its number among the questions read, about a paragraph, by its number."""

    question: int
    paragraph: int
    spans: tuple[tuple[int, int], ...]
    language: str


class Pool:
    """All that can be trained on, and how examples are drawn from it."""

    def __init__(self, paragraphs: list[Paragraph], read: Read, asks: list[Ask], questions: Read, seed: int) -> None:
        self.paragraphs, self.read, self.questions = paragraphs, read, questions
        self.random = random.Random(seed)
        self.answered = [ask for ask in asks if ask.spans]
        self.unanswered = [ask for ask in asks if not ask.spans]
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

    def draw(self) -> tuple[Ask, int, int, int, int, int]:
        """(ask, paragraph, first token, token after, start, end): a question and a stretch; 0, 0: not answered."""
        while True:
            kind = self.random.random()
            if kind < 0.70:
                ask = self.random.choice(self.answered)
                if ask.language not in ("es", "en") and self.random.random() < 0.35:
                    continue  # the languages that the questions come in count for more
                drawn = (
                    self._positive(ask) if kind < 0.46 else self._beside(ask) if kind < 0.58 else self._elsewhere(ask)
                )
            else:
                ask = self.random.choice(self.unanswered)
                drawn = (ask, ask.paragraph, *self._stretch(ask.paragraph), 0, 0)
            if drawn:
                return drawn

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

    def _positive(self, ask: Ask) -> tuple[Ask, int, int, int, int, int] | None:
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

    def _beside(self, ask: Ask) -> tuple[Ask, int, int, int, int, int] | None:
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

    def _elsewhere(self, ask: Ask) -> tuple[Ask, int, int, int, int, int] | None:
        """A stretch of a near paragraph of the same article that lacks the answer."""
        near = self.near[ask.paragraph]
        if not near:
            return None
        i = self.random.choice(near)
        text = self.paragraphs[ask.paragraph].text
        if any(text[a:b].lower() in self.paragraphs[i].text.lower() for a, b in ask.spans):
            return None
        if (
            self.read.vectors[i] @ self.read.vectors[ask.paragraph] > 0.96
            and self.paragraphs[i].language != self.paragraphs[ask.paragraph].language
        ):
            return None  # the same paragraph in another language
        return ask, i, *self._stretch(i), 0, 0

    def batch(self, drawn: list[tuple[Ask, int, int, int, int, int]]) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """states, passage, seen, starts, ends of a batch, padded."""
        rows = []
        for ask, i, first, after, start, end in drawn:
            q = self.questions.states[self.questions.firsts[ask.question] : self.questions.firsts[ask.question + 1]][
                :80
            ]
            base = int(self.read.firsts[i])
            p = self.read.states[base + first : base + after]
            shift = len(q) - first
            rows.append((q, p, start + shift if end else 0, end + shift if end else 0))
        width = max(len(q) + len(p) for q, p, _, _ in rows)
        states = torch.zeros(len(rows), width, rows[0][0].shape[1])
        passage = torch.zeros(len(rows), width, dtype=torch.bool)
        seen = torch.zeros(len(rows), width, dtype=torch.bool)
        for k, (q, p, _, _) in enumerate(rows):
            states[k, : len(q)], states[k, len(q) : len(q) + len(p)] = q, p
            passage[k, len(q) : len(q) + len(p)] = True
            seen[k, : len(q) + len(p)] = True
        return states, passage, seen, torch.tensor([r[2] for r in rows]), torch.tensor([r[3] for r in rows])


def across_languages(paragraphs: list[Paragraph], read: Read, asks: list[Ask], questions: Read) -> list[Ask]:
    """Questions of one language on a paragraph in another: pairs of translations found by the encoder.

    Paragraphs of one article that are each other's nearest across two languages; in them, questions that are each
    other's nearest, both answered. Returns what each question asks of the other's paragraph.
    """
    by_paragraph: dict[int, list[Ask]] = {}
    for ask in asks:
        if ask.spans:
            by_paragraph.setdefault(ask.paragraph, []).append(ask)
    groups: dict[str, dict[str, list[int]]] = {}
    for i, paragraph in enumerate(paragraphs):
        if i in by_paragraph:
            groups.setdefault(paragraph.article, {}).setdefault(paragraph.language, []).append(i)
    made = []
    for languages in groups.values():
        names = sorted(languages)
        for a, b in ((a, b) for a in names for b in names if a < b):
            for i, j in _mutual(languages[a], languages[b], read.vectors, 0.88):
                one = {x.question: x for x in by_paragraph[i]}
                two = {x.question: x for x in by_paragraph[j]}
                for m, n in _mutual(list(one), list(two), questions.vectors, 0.88):
                    if one[m].language != two[n].language:
                        made.append(Ask(m, j, two[n].spans, one[m].language))
                        made.append(Ask(n, i, one[m].spans, two[n].language))
    return made


def _mutual(left: list[int], right: list[int], vectors: np.ndarray, least: float) -> list[tuple[int, int]]:
    scores = vectors[left] @ vectors[right].T
    return [
        (left[r], right[c])
        for r, c in enumerate(scores.argmax(1))
        if scores[:, c].argmax() == r and scores[r, c] > least
    ]


def prepare(data: Path, model: Path, seed: int, cache: Path) -> tuple[LowerLayers, Pool, Pool]:
    """The lower layers, what is trained on without the held articles, and the held ones."""
    lower = LowerLayers(model)
    paragraphs = all_paragraphs(data)
    if cache.exists():
        read, texts, questions, asks = pickle.loads(cache.read_bytes())
    else:
        random_ = random.Random(seed)
        read = lower.read([p.text for p in paragraphs], "passage: ")
        pairs = [(i, q) for i, p in enumerate(paragraphs) for q in p.questions]
        made = list(swapped(paragraphs, random_)) + list(transplanted(paragraphs, random_))
        print(len(pairs), "questions,", len(made), "made ones", flush=True)
        texts = [q.text for _, q in pairs + made]
        questions = lower.read(texts, "query: ")
        asks = [Ask(k, i, q.spans, q.language) for k, (i, q) in enumerate(pairs + made)]
        real = asks[: len(pairs)]
        asks += across_languages(paragraphs, read, real, questions)
        print(len(asks) - len(pairs) - len(made), "across languages", flush=True)
        cache.write_bytes(pickle.dumps((read, texts, questions, asks), protocol=4))
    held = [paragraphs[ask.paragraph].article in HELD for ask in asks]
    return (
        lower,
        Pool(paragraphs, read, [a for a, h in zip(asks, held, strict=True) if not h], questions, seed),
        Pool(paragraphs, read, [a for a, h in zip(asks, held, strict=True) if h], questions, seed),
    )


@torch.inference_mode()
def measure(model: Upper, pool: Pool, most: int, languages: tuple[str, ...] = ("es", "en")) -> str:
    """F1 in characters, and how well unanswerable questions are told apart (AUC), on Spanish paragraphs."""
    out = []
    random_ = random.Random(1)
    for language in languages:
        original = sum(len(p.questions) for p in pool.paragraphs)
        asks = [
            a
            for a in pool.answered + pool.unanswered
            if a.question < original and a.language == language and pool.paragraphs[a.paragraph].language == "es"
        ]
        asks = random_.sample(asks, min(most, len(asks)))
        scores, chances, f1 = [], [], []
        for begin in range(0, len(asks), 16):
            part = asks[begin : begin + 16]
            drawn = [
                (a, a.paragraph, pool.sentences[a.paragraph][0][0], pool.sentences[a.paragraph][-1][1], 0, 0)
                for a in part
            ]
            states, passage, seen, _, _ = pool.batch(drawn)
            with torch.autocast("cpu", torch.bfloat16):
                starts, ends, answers = model(states, passage, seen)
            for k, ask in enumerate(part):
                s, e = starts[k], ends[k]
                both = s[1:, None] + e[None, 1:]
                both = both.triu().tril(30)
                both[both == 0] = -1e9
                best = int(both.argmax())
                a, b = best // both.shape[1] + 1, best % both.shape[1] + 1
                scores.append(float(both.max() - s[0] - e[0]))
                chances.append(float(answers[k]))
                if ask.spans:
                    q = pool.questions.firsts[ask.question + 1] - pool.questions.firsts[ask.question]
                    shift = min(int(q), 80) - drawn[k][2]
                    offsets = pool.tokens(ask.paragraph)
                    low, high = offsets[a - shift][0], offsets[b - shift][1]
                    f1.append(max(2 * max(0, min(high, y) - max(low, x)) / (high - low + y - x) for x, y in ask.spans))
        truth = np.array([bool(a.spans) for a in asks])
        out.append(
            f"{language}: F1 {np.mean(f1):.3f} right place {np.mean(np.array(f1) > 0):.3f} "
            f"AUC span {_auc(np.array(scores), truth):.3f} head {_auc(np.array(chances), truth):.3f} (n {len(asks)})"
        )
    return "; ".join(out)


def _auc(scores: np.ndarray, truth: np.ndarray) -> float:
    order = scores.argsort().argsort() + 1.0
    good = int(truth.sum())
    return float((order[truth].sum() - good * (good + 1) / 2) / (good * (len(truth) - good)))


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser()
    for name in ("data", "model", "out", "cache"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--final", type=float, default=0.1, help="share of the rate that is left at the end")
    parser.add_argument("--all", action="store_true", help="train on the held articles too (what ships)")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(given.seed)
    lower, pool, held = prepare(given.data, given.model, given.seed, given.cache)
    if given.all:
        pool = Pool(pool.paragraphs, pool.read, pool.answered + pool.unanswered + held.answered + held.unanswered,
                    pool.questions, given.seed + 1)  # fmt: skip
    print(len(pool.answered), "answered,", len(pool.unanswered), "unanswered", flush=True)
    model = Upper(layers_of({k: v.clone() for k, v in lower.weights.items()}, range(LOWER, lower.count)), 384)
    model.requires_grad_(True)
    average = {name: value.detach().clone() for name, value in model.state_dict().items()}
    optimiser = torch.optim.AdamW(model.parameters(), lr=given.rate, weight_decay=0.01, betas=(0.9, 0.98))
    step = 0
    if given.out.exists():
        saved = torch.load(given.out, weights_only=False)
        model.load_state_dict(saved["model"])
        average, step = saved["average"], saved["step"]
        optimiser.load_state_dict(saved["optimiser"])
        print("resumed at step", step, flush=True)
    began, budget, warm, seen_examples, mean = time.time(), given.minutes * 60, step, 0, 0.0
    saved_at = began
    while time.time() - began < budget:
        drawn = [pool.draw() for _ in range(BATCH * 20)]
        drawn.sort(key=lambda d: d[3] - d[2])
        batches = [drawn[i : i + BATCH] for i in range(0, len(drawn), BATCH)]
        pool.random.shuffle(batches)
        for part in batches:
            done = min(1.0, (time.time() - began) / budget)
            rate = given.rate * min(1, (step - warm + 1) / WARM) * (1 - (1 - given.final) * done)
            for group in optimiser.param_groups:
                group["lr"] = rate
            states, passage, seen, start, end = pool.batch(part)
            with torch.autocast("cpu", torch.bfloat16):
                starts, ends, answers = model(states, passage, seen)
            loss = (functional.cross_entropy(starts, start) + functional.cross_entropy(ends, end)) / 2
            loss = loss + 0.3 * functional.binary_cross_entropy_with_logits(answers, (end > 0).float())
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad()
            step += 1
            keep = min(EMA, (1 + step) / (10 + step))
            for name, value in model.state_dict().items():
                average[name].lerp_(value, 1 - keep)
            seen_examples += len(part)
            mean = 0.98 * mean + 0.02 * loss.item() if mean else loss.item()
            if step % 50 == 0:
                print(
                    step,
                    f"loss {mean:.3f} rate {rate:.1e} {seen_examples / (time.time() - began):.1f} examples/s",
                    flush=True,
                )
        last = time.time() - began >= budget
        if time.time() - saved_at > 600 or last:
            saved_at = time.time()
            state = {"model": model.state_dict(), "average": average, "optimiser": optimiser.state_dict(), "step": step}
            torch.save(state, given.out.with_suffix(".part"))
            given.out.with_suffix(".part").rename(given.out)
            judged = Upper(layers_of(lower.weights, range(LOWER, lower.count)), 384)
            judged.load_state_dict(average)
            print("saved;", measure(judged, held, 1200 if last else 250), flush=True)


if __name__ == "__main__":
    main()
