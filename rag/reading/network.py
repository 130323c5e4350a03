"""The reader's network: the encoder's lower layers read question and passage apart, trained upper layers read them
together.

The lower layers are the encoder's own, unchanged; what they make of a passage does not depend on the question and can
be kept. The upper layers start as the encoder's and are trained to say where the answer begins and ends, or that there
is none (the split follows DeFormer, Cao et al. 2020, arXiv 2005.00697).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

LOWER = 4  # layers that read question and passage apart
HEADS = 12
EPSILON = 1e-12
# For each number of rows that it multiplies in half precision, oneDNN makes a program and keeps it, half a megabyte and
# more, up to a thousand of them. Numbers that are rounded up are few.
ROWS = 64


class Layer(nn.Module):
    """One post-norm transformer layer, as BERT has it, without dropout."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.mixed, self.mixed_norm = nn.Linear(width, width), nn.LayerNorm(width, eps=EPSILON)
        self.inner, self.outer = nn.Linear(width, inner), nn.Linear(inner, width)
        self.outer_norm = nn.LayerNorm(width, eps=EPSILON)

    def forward(self, states: Tensor, seen: Tensor) -> Tensor:
        """States (batch, tokens, width) after the layer; `seen` (batch, 1, 1, tokens) is True where a token stands."""
        batch, tokens, width = states.shape
        query, key, value = (
            part(states).view(batch, tokens, HEADS, width // HEADS).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        if torch.is_grad_enabled():
            # Written out: for short texts PyTorch's fused attention takes several times as long to train on a CPU.
            scores = query @ key.transpose(2, 3) * (width // HEADS) ** -0.5
            mixed = scores.masked_fill(~seen, -1e4).softmax(dim=3).to(value.dtype) @ value
        else:
            mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        return self._after(states, mixed.transpose(1, 2).reshape(batch, tokens, width))

    def packed(self, states: Tensor, lengths: Sequence[int]) -> Tensor:
        """States (tokens, width) of several texts in a row after the layer: nothing is computed for padding."""
        tokens, width = states.shape
        heads = [
            torch.split(part(states).view(tokens, HEADS, width // HEADS).transpose(0, 1)[None], list(lengths), dim=2)
            for part in (self.query, self.key, self.value)
        ]
        mixed = [functional.scaled_dot_product_attention(*one) for one in zip(*heads, strict=True)]
        return self._after(states, torch.cat(mixed, dim=2)[0].transpose(0, 1).reshape(tokens, width))

    def _after(self, states: Tensor, mixed: Tensor) -> Tensor:
        states = self.mixed_norm(states + self.mixed(mixed))
        after: Tensor = self.outer_norm(states + self.outer(functional.gelu(self.inner(states))))
        return after


# Our names of a layer's parts, and those that the encoder's state dictionary has.
_PARTS = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "mixed": "attention.output.dense",
    "mixed_norm": "attention.output.LayerNorm",
    "inner": "intermediate.dense",
    "outer": "output.dense",
    "outer_norm": "output.LayerNorm",
}


def layers_of(weights: Mapping[str, Tensor], numbers: Sequence[int]) -> nn.ModuleList:
    """The encoder's layers with these numbers, from its state dictionary; the weights are shared, not copied."""
    made = nn.ModuleList()
    for number in numbers:
        state = {
            f"{ours}.{kind}": weights[f"encoder.layer.{number}.{theirs}.{kind}"]
            for ours, theirs in _PARTS.items()
            for kind in ("weight", "bias")
        }
        with torch.device("meta"):
            layer = Layer(*reversed(state["inner.weight"].shape))
        layer.load_state_dict(state, assign=True)
        made.append(layer)
    return made


class Upper(nn.Module):
    """The trained part: upper layers over the states of a question and a stretch of a passage, and three heads."""

    def __init__(self, layers: nn.ModuleList, width: int) -> None:
        super().__init__()
        self.layers = layers
        self.part = nn.Parameter(torch.zeros(2, width))  # added to the states of the question, and of the passage
        self.span = nn.Linear(width, 2)  # logits of beginning and end; those of the first token: no answer
        self.answers = nn.Linear(width, 1)  # whether the stretch answers at all, read from the first token

    def forward(self, states: Tensor, passage: Tensor, seen: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of beginning, end (both batch × tokens) and of being answered (batch).

        `states` (batch, tokens, width): the question's from its first token on, then the passage's. `passage` and
        `seen` (batch, tokens) are True where a token belongs to the passage, and where there is one.
        """
        states = states + self.part[passage.long()]
        mask = seen[:, None, None, :]
        for layer in self.layers:
            states = layer(states, mask)
        may = passage.clone()
        may[:, 0] = True
        logits = self.span(states).float().masked_fill(~may[:, :, None], -1e4)
        return logits[..., 0], logits[..., 1], self.answers(states[:, 0]).float()[:, 0]

    def packed(self, asked: Tensor, pieces: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
        """For each piece of passages, read for one question: logits of beginning and end (1 + tokens, 2), those of "no
        answer" first, and of being answered."""
        question, lengths = asked + self.part[0], [len(asked) + len(piece) for piece in pieces]
        parts = [part for piece in pieces for part in (question, piece + self.part[1])]
        if over := -sum(lengths) % ROWS:  # a text of its own, which nobody looks at
            parts, lengths = [*parts, question.new_zeros(over, question.shape[1])], [*lengths, over]
        states = torch.cat(parts)
        for layer in self.layers:
            assert isinstance(layer, Layer)
            states = layer.packed(states, lengths)
        found = []
        spans = torch.split(self.span(states).float(), lengths)
        for text, span, _ in zip(torch.split(states, lengths), spans, pieces, strict=False):
            logits = torch.cat([span[:1], span[len(asked) :]])
            found.append((logits, self.answers(text[:1]).float()[0, 0]))
        return found
