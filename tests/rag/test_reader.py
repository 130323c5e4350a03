"""Where the reader finds an answer, with a network whose logits are planted, and what is chosen to be read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from rag.reading.network import ROWS, Layer, Upper
from rag.reading.reader import KEPT_PASSAGES, Reader
from rag.reading.stretches import LONGEST, MOST_CHARS, Stretch, likely, read_evidence
from tests.support.evidence import hit, unit, weigh

WIDTH = 24


class Characters:
    """Lower layers whose tokens are the characters of a text; each token's state holds its code point."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def states(self, texts: Sequence[str], question: bool) -> list[tuple[Tensor, np.ndarray]]:
        self.asked += texts
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> tuple[Tensor, np.ndarray]:
        states = torch.zeros(len(text) + 1, WIDTH)
        states[1:, 0] = torch.tensor([float(ord(char)) for char in text])
        offsets = np.array([(-9, -9), *((i, i + 1) for i in range(len(text)))])
        return states, offsets


class Finds(Upper):
    """Answers begin at «<» and end at «>»; the logit of no answer is 1."""

    def __init__(self) -> None:
        super().__init__(nn.ModuleList([Layer(WIDTH, WIDTH)]), WIDTH)

    def packed(self, asked: Tensor, pieces: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
        found = []
        for piece in pieces:
            code = piece[:, 0].float()
            starts = torch.where(code == ord("<"), 6.0, -2.0)
            ends = torch.where(code == ord(">"), 4.0, -2.0)
            none = torch.full((1, 2), 0.5)
            found.append((torch.cat([none, torch.stack([starts, ends], dim=1)]), starts.amax()))
        return found


def test_the_span_is_found_in_characters_of_the_passage() -> None:
    text = "Nada aquí. Envió <6.700> cajas. Fin."
    stretch = Stretch(text, ((0, 10), (11, 31), (32, 36)))
    (readings,) = Reader(Characters(), Finds(), bf16=False).read("¿Cuántas?", [stretch])
    assert [r is not None for r in readings] == [True, True, True]
    found = readings[1]
    assert found is not None
    assert text[found.start : found.end] == "<6.700>"
    assert found.score == 6 + 4 - 1
    others = [r.score for n, r in enumerate(readings) if n != 1 and r is not None]
    assert all(score == -2 - 2 - 1 for score in others)


def test_only_what_stands_in_the_stretch_is_read() -> None:
    text = "Uno <A>. Dos <B>. Tres <C>."
    spans = ((0, 8), (9, 17), (18, 27))
    (readings,) = Reader(Characters(), Finds(), bf16=False).read("¿Qué?", [Stretch(text, spans[1:2])])
    assert readings[0] is not None
    assert text[readings[0].start : readings[0].end] == "<B>"


def test_a_passage_is_read_once_for_all_questions_and_memory_is_bounded() -> None:
    lower = Characters()
    reader = Reader(lower, Finds(), bf16=False)
    stretch = Stretch("Uno <A>.", ((0, 8),))
    reader.read("¿Qué?", [stretch])
    reader.read("¿Y qué más?", [stretch])
    assert lower.asked.count("Uno <A>.") == 1
    for n in range(KEPT_PASSAGES):
        reader.read("¿Qué?", [Stretch(f"Otro <{n}>.", ((0, 8),))])
    reader.read("¿Qué?", [stretch])
    assert lower.asked.count("Uno <A>.") == 2


def test_nothing_to_read() -> None:
    reader = Reader(Characters(), Finds(), bf16=False)
    assert reader.read("¿Qué?", []) == []
    # A sentence beyond what the encoder reads of a passage has no reading.
    assert reader.read("¿Qué?", [Stretch("Corto.", ((400, 420),))]) == [[None]]


def test_the_likely_sentences_come_with_their_neighbours_within_the_budget() -> None:
    sentences = [f"Frase número {n} sobre cajas enviadas por mar en barco." for n in range(9)]
    vectors = [unit(1, 0.1 * abs(n - 4), 0) for n in range(9)]
    evidence = weigh("cajas enviadas", hit("a", sentences, vectors, 1))
    chosen = likely(evidence)
    assert evidence[0].number in [n for _, numbers, _ in chosen for n in numbers]
    for passage, numbers, stretch in chosen:
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
        assert [passage.text[a:b] for a, b in stretch.sentences] == [sentences[n] for n in numbers]
        assert stretch.sentences[-1][1] - stretch.sentences[0][0] <= LONGEST
    long = ["palabra " * 90 + "cajas enviadas." for _ in range(30)]
    many = weigh("cajas enviadas", hit("a", long, [unit(1, 0.1, 0)] * 30, 1))
    read = sum(b - a for _, _, stretch in likely(many) for a, b in stretch.sentences)
    assert read <= MOST_CHARS


def test_the_reader_moves_the_sentence_that_answers_to_the_front() -> None:
    sentences = ["Hubo cajas enviadas por mar otra vez.", "Fueron <6.700> en total, según se dijo."]
    evidence = weigh("cuántas cajas enviadas", hit("a", sentences, [unit(1, 0.1, 0), unit(1, 0.25, 0)], 1))
    assert evidence[0].number == 0
    read = read_evidence(Reader(Characters(), Finds(), bf16=False), "¿Cuántas cajas?", evidence)
    assert read[0].number == 1
    assert read[0].answer is not None
    assert sentences[1][slice(*read[0].answer)] == "<6.700>"
    assert read[1].answer is None


def test_without_padding_the_same_comes_out() -> None:
    torch.manual_seed(0)
    upper = Upper(nn.ModuleList([Layer(WIDTH, 2 * WIDTH) for _ in range(3)]), WIDTH).eval()
    nn.init.normal_(upper.part)
    asked, pieces = torch.randn(5, WIDTH), [torch.randn(n, WIDTH) for n in (7, 1, 12)]
    states, passage, seen = torch.zeros(3, 17, WIDTH), torch.zeros(3, 17).bool(), torch.zeros(3, 17).bool()
    for row, piece in enumerate(pieces):
        states[row, :5], states[row, 5 : 5 + len(piece)] = asked, piece
        passage[row, 5 : 5 + len(piece)] = seen[row, : 5 + len(piece)] = True
    with torch.inference_mode():
        starts, ends, answers = upper(states, passage, seen)
        packed = upper.packed(asked, pieces)
    for row, (logits, answered) in enumerate(packed):
        places = [0, *range(5, 5 + len(pieces[row]))]
        assert torch.allclose(logits[:, 0], starts[row, places], atol=1e-5)
        assert torch.allclose(logits[:, 1], ends[row, places], atol=1e-5)
        assert torch.allclose(answered, answers[row], atol=1e-5)


def test_the_numbers_of_rows_that_are_computed_are_few() -> None:
    """oneDNN keeps a program for each of them: with every number that comes, memory would grow by hundreds of MB."""
    layer = Layer(WIDTH, 2 * WIDTH)
    upper, rows = Upper(nn.ModuleList([layer]), WIDTH).eval(), set[int]()
    for part in (layer.query, layer.outer, upper.span):
        part.register_forward_hook(lambda _, given, __: rows.add(given[0].shape[0]))
    with torch.inference_mode():
        for n in range(1, 200, 9):
            found = upper.packed(torch.zeros(5, WIDTH), [torch.zeros(n, WIDTH), torch.zeros(3, WIDTH)])
            assert [len(logits) for logits, _ in found] == [n + 1, 4]
    assert rows == {ROWS * n for n in range(1, 5)}
