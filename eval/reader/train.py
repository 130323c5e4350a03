"""Train the reader: `python -m eval.reader.train --help`.

Without `--all` the articles of `eval.reader.data.HELD` are left out in all languages, and figures on them are printed.
On two cores without matrix extensions a core makes about 10 examples a second; the lower layers' states of the data
take 20 minutes first, and are kept in `--cache`.
"""

from __future__ import annotations

import argparse
import os
import pickle
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch

from eval.invented import ENTRIES, NEWS, load_subjects, split
from eval.reader.data import HELD, Paragraph, all_paragraphs
from eval.reader.loss import loss_of
from eval.reader.measure import measure
from eval.reader.negatives import swapped, transplanted
from eval.reader.passages import passages_of
from eval.reader.pool import HIDDEN, RIVALS, SLOPPY, Ask, Asked, Drawn, Pool, in_haste
from eval.reader.states import LowerLayers, Read
from eval.reader.translations import across_languages
from rag.reading.network import Upper
from rag.reading.weights import load, save, untrained

RATE, WARM = 2e-4, 100
# Of a batch: examples that stand alone, and questions whose answering stretch is compared with others (RIVALS).
ALONE, COMPARED = 12, 3
SORTED_OVER = 20  # batches among which examples are sorted by length
AVERAGE = 0.998  # of the weights, a step; what is measured and shipped is the average
SAVED_EVERY_S = 600
MEASURED = 1200  # questions a language
T = TypeVar("T")


@dataclass
class Material:
    """All that can be trained on: `asks` about the data's paragraphs, `invented` about the invented texts' passages."""

    paragraphs: list[Paragraph]
    read: Read
    questions: Asked
    asks: list[Ask]
    invented: list[Ask]

    def pool(self, held: bool | None, seed: int) -> Pool:
        """What stands in the held articles, in all others, or (None) everywhere; invented ones are never held."""
        asks = [a for a in self.asks if held is None or (self.paragraphs[a.paragraph].article in HELD) == held]
        return Pool(self.paragraphs, self.read, asks, self.questions, seed, () if held else self.invented)


def prepare(
    data: Path, lower: LowerLayers, seed: int, cache: Path, invented: bool = True, everything: bool = False
) -> Material:
    """Read all that is trained on through the lower layers; what was read before comes from `cache`.

    `invented`: the invented texts as well, the held ones among them if `everything` is to be trained on.
    """
    paragraphs = all_paragraphs(data)
    read, questions, asks = _kept(cache, lambda: _data(lower, paragraphs, seed))
    if not invented:
        return Material(paragraphs, read, questions, asks, [])
    files = [load_subjects(path) for path in (NEWS, ENTRIES)]
    passages, asked = passages_of([one for file in files for one in (file if everything else split(file)[0])])
    texts = [one.question.text for one in asked]
    own, written, sloppy = _kept(
        cache.with_suffix(".all-invented" if everything else ".invented"),
        lambda: (lower.read([p.text for p in passages], "passage: "), *_asked(lower, texts)),
    )
    first_of_question, first_of_passage = len(questions.written.vectors), len(paragraphs)
    about_invented = [
        Ask(first_of_question + k, first_of_passage + i, one.spans.get(i, ()), one.question.language)
        for k, one in enumerate(asked)
        for i in one.passages
    ]
    both = Asked(questions.written + written, questions.sloppy + sloppy)
    return Material(paragraphs + passages, read + own, both, asks, about_invented)


def _data(lower: LowerLayers, paragraphs: list[Paragraph], seed: int) -> tuple[Read, Asked, list[Ask]]:
    random_ = random.Random(seed)
    read = lower.read([p.text for p in paragraphs], "passage: ")
    pairs = [(i, q) for i, p in enumerate(paragraphs) for q in p.questions]
    made = list(swapped(paragraphs, random_)) + list(transplanted(paragraphs, random_))
    print(len(pairs), "questions,", len(made), "made ones", flush=True)
    questions = Asked(*_asked(lower, [q.text for _, q in pairs + made]))
    asks = [Ask(k, i, q.spans, q.language) for k, (i, q) in enumerate(pairs + made)]
    asks += across_languages(paragraphs, read, asks[: len(pairs)], questions.written)
    print(len(asks) - len(pairs) - len(made), "across languages", flush=True)
    return read, questions, asks


def _asked(lower: LowerLayers, texts: list[str]) -> tuple[Read, Read]:
    """Questions as they were written, and as people type them in haste."""
    written = lower.read(texts, "query: ")
    return written, lower.read([in_haste(text) for text in texts], "query: ", vectors=False)


def _kept(path: Path, make: Callable[[], T]) -> T:
    """What `make` makes, made once and kept in a file."""
    if not path.exists():
        path.write_bytes(pickle.dumps(make(), protocol=4))
    kept: T = pickle.loads(path.read_bytes())
    return kept


def main() -> None:
    """The command."""
    given = _arguments()
    torch.set_num_threads(given.threads)
    torch.manual_seed(given.seed)
    lower = LowerLayers(given.model)
    material = prepare(given.data, lower, given.seed, given.cache, given.invented, given.all)
    pool = material.pool(None if given.all else False, given.seed)
    print(len(pool.answered), "answered,", len(pool.unanswered), "unanswered", flush=True)
    begun = load(given.begin, lower.weights).train() if given.begin else untrained(lower.weights)
    trainer = Trainer(begun, given.rate, given.final, given.out)
    pool.random.seed(f"{given.seed} {trainer.step}")  # a run that goes on draws other examples than before
    trainer.train(pool, given.minutes * 60)
    trainer.save()
    judged = untrained(lower.weights)
    judged.load_state_dict(trainer.average)
    print(measure(judged, material.pool(True, given.seed), MEASURED), flush=True)
    if given.weights:
        save(trainer.average, lower.weights, given.weights, given.description)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data (see eval.reader.data)")
    parser.add_argument("--model", type=Path, required=True, help="folder of the unpacked encoder")
    parser.add_argument("--out", type=Path, required=True, help="state of the training, to go on from")
    parser.add_argument("--cache", type=Path, required=True, help="states of the lower layers, made once")
    parser.add_argument("--begin", type=Path, help="weights of a reader to begin with; default: the encoder's own")
    parser.add_argument("--weights", type=Path, help="where the weights go that ship")
    parser.add_argument("--description", default="", help="what the weights were trained on, written into them")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--final", type=float, default=0.1, help="share of the rate that is left at the end")
    parser.add_argument("--all", action="store_true", help="train on the held articles too")
    parser.add_argument(
        "--invented", action=argparse.BooleanOptionalAction, default=True, help="train on the invented texts as well"
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


class Trainer:
    """Trains a network, keeps a moving average of its weights, and both on disk."""

    def __init__(self, model: Upper, rate: float, final: float, path: Path) -> None:
        """Goes on from `path` where that is a file."""
        self.model, self._rate, self._final, self._path = model.requires_grad_(True), rate, final, path
        self.average = {name: value.detach().clone() for name, value in model.state_dict().items()}
        self._optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01, betas=(0.9, 0.98))
        self.step, self._loss = 0, 0.0
        if path.exists():
            saved = torch.load(path, weights_only=True)
            model.load_state_dict(saved["model"])
            self._optimiser.load_state_dict(saved["optimiser"])
            self.average, self.step = saved["average"], saved["step"]
            print("goes on from step", self.step, flush=True)

    def train(self, pool: Pool, seconds: float) -> None:
        """Train for so long; the rate falls to its last share over that time."""
        began = saved = time.time()
        while time.time() - began < seconds:
            batches = _batches(pool)
            for batch in batches:
                done = min(1.0, (time.time() - began) / seconds)
                self._one_step(pool, batch, self._rate * (1 - (1 - self._final) * done))
            if time.time() - saved > SAVED_EVERY_S:
                saved = time.time()
                self.save()

    def save(self) -> None:
        """Write the state so that an interrupted run can go on."""
        state = {"model": self.model.state_dict(), "average": self.average,
                 "optimiser": self._optimiser.state_dict(), "step": self.step}  # fmt: skip
        torch.save(state, self._path.with_suffix(".part"))
        self._path.with_suffix(".part").rename(self._path)

    def _one_step(self, pool: Pool, batch: list[Drawn], rate: float) -> None:
        for group in self._optimiser.param_groups:
            group["lr"] = rate * min(1, (self.step + 1) / WARM)
        states, passage, seen, start, end = pool.batch(batch, HIDDEN, SLOPPY)
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.model(states, passage, seen)
        loss = loss_of(logits, start, end, COMPARED, RIVALS)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self._optimiser.step()
        self._optimiser.zero_grad()
        self.step += 1
        keep = min(AVERAGE, (1 + self.step) / (10 + self.step))
        for name, value in self.model.state_dict().items():
            self.average[name].lerp_(value, 1 - keep)
        self._loss = 0.98 * self._loss + 0.02 * loss.item() if self._loss else loss.item()
        if self.step % 50 == 0:
            print(f"step {self.step} loss {self._loss:.3f} rate {rate:.1e}", flush=True)


def _batches(pool: Pool) -> list[list[Drawn]]:
    """SORTED_OVER batches of examples about as long: first those that are compared, then those that stand alone."""
    alone = sorted((pool.draw() for _ in range(ALONE * SORTED_OVER)), key=_tokens)
    compared = sorted(
        (pool.compared() for _ in range(COMPARED * SORTED_OVER)), key=lambda group: max(map(_tokens, group))
    )
    batches = [
        [one for group in compared[COMPARED * i : COMPARED * (i + 1)] for one in group]
        + alone[ALONE * i : ALONE * (i + 1)]
        for i in range(SORTED_OVER)
    ]
    pool.random.shuffle(batches)
    return batches


def _tokens(drawn: Drawn) -> int:
    return drawn[3] - drawn[2]


if __name__ == "__main__":
    main()
