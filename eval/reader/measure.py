"""Figures of a reader on paragraphs that it was not trained on: where it finds the answer, and whether there is one."""

from __future__ import annotations

import random

import numpy as np
import torch

from eval.metrics import roc_auc
from eval.reader.pool import MOST_OF_QUESTION, Pool
from rag.reading.network import Upper


@torch.inference_mode()
def measure(model: Upper, pool: Pool, most: int, languages: tuple[str, ...] = ("es", "en")) -> str:
    """F1 in characters, and how well unanswerable questions are told apart (AUC), on Spanish paragraphs."""
    out = []
    random_, questions = random.Random(1), pool.questions.written
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
                    q = questions.firsts[ask.question + 1] - questions.firsts[ask.question]
                    shift = min(int(q), MOST_OF_QUESTION) - drawn[k][2]
                    offsets = pool.tokens(ask.paragraph)
                    low, high = offsets[a - shift][0], offsets[b - shift][1]
                    f1.append(max(2 * max(0, min(high, y) - max(low, x)) / (high - low + y - x) for x, y in ask.spans))
        truth = np.array([bool(a.spans) for a in asks])
        out.append(
            f"{language}: F1 {np.mean(f1):.3f} right place {np.mean(np.array(f1) > 0):.3f} "
            f"AUC span {roc_auc(np.array(scores), truth):.3f} head {roc_auc(np.array(chances), truth):.3f} "
            f"(n {len(asks)})"
        )
    return "; ".join(out)
