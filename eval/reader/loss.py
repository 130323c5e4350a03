"""What the reader is trained to make small."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

ANSWERS_SHARE = 0.3  # of the loss of "is there an answer at all", beside the span's
COMPARED_SHARE = 0.5  # of the loss of comparing stretches


def loss_of(logits: tuple[Tensor, Tensor, Tensor], start: Tensor, end: Tensor, compared: int, rivals: int) -> Tensor:
    """The loss of a batch.

    `logits`: of beginning and end (both batch × tokens) and of being answered (batch), as `Upper` gives them; `start`
    and `end` (batch): the answer's first and last token, 0 where there is none. The batch begins with `compared` groups
    of a stretch that answers and `rivals` that don't.
    """
    starts, ends, answers = logits
    loss = (functional.cross_entropy(starts, start) + functional.cross_entropy(ends, end)) / 2
    loss = loss + ANSWERS_SHARE * functional.binary_cross_entropy_with_logits(answers, (end > 0).float())
    if not compared:
        return loss
    sides = [among_all(part, place, compared, rivals) for part, place in ((starts, start), (ends, end))]
    return loss + COMPARED_SHARE * (sides[0] + sides[1]) / 2


def among_all(logits: Tensor, places: Tensor, compared: int, rivals: int) -> Tensor:
    """The loss of finding the answer's first (or last) token among all stretches of its question.

    Each stretch's logits count less that of "no answer", as they do when stretches are ranked (shared normalisation,
    Clark and Gardner 2018, arXiv 1710.10723).
    """
    rows = compared * (1 + rivals)
    above_none = logits[:rows, 1:] - logits[:rows, :1]
    return functional.cross_entropy(above_none.reshape(compared, -1), places[: rows : 1 + rivals] - 1)
