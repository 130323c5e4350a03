"""What the reader says of a sentence. Without torch, so that what only carries it stays light."""

from __future__ import annotations

from dataclasses import dataclass

# Scores are clipped to these: beyond them the reader is sure, and no sum should be ruled by how sure.
LEAST_SCORE, MOST_SCORE = -12.0, 8.0


@dataclass(frozen=True)
class SentenceReading:
    """What was read in one sentence.

    `score`: the logits of the best answer inside it less those of "no answer", about -20 to 20, above 0 where the
    reader finds an answer; `start` and `end`: that answer's characters in the passage; `answers`: the logit that the
    stretch of text around the sentence answers the question.
    """

    score: float
    start: int
    end: int
    answers: float

    @property
    def clipped(self) -> float:
        """The score, from LEAST_SCORE to MOST_SCORE."""
        return max(LEAST_SCORE, min(MOST_SCORE, self.score))
