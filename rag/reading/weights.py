"""The reader's weights as they ship: what training changed in the encoder's layers, in 8 bits.

A safetensors file. Matrices of the layers are stored as differences from the encoder's own, one byte a weight with a
scale a row; vectors and heads in float32. Metadata: `format`, `encoder` (fingerprint of the encoder whose layers they
change), `lower` (layers that stay the encoder's own) and `description`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from rag.errors import ModelDamaged
from rag.reading.network import LOWER, Upper, layers_of

FORMAT = "1"


def fingerprint(weights: Mapping[str, Tensor]) -> str:
    """16 hex digits that tell an encoder from another: the shape of its words' table and some of its weights."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        if "LayerNorm" in name or name.endswith("key.weight"):
            digest.update(f"{name}{tuple(weights[name].shape)}".encode())
            digest.update(weights[name].flatten()[:64].float().numpy().tobytes())
    return digest.hexdigest()[:16]


def untrained(weights: Mapping[str, Tensor]) -> Upper:
    """The upper part with the encoder's own layers, and heads that know nothing."""
    count = 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("encoder.layer."))
    copies = {name: weight.clone() for name, weight in weights.items() if name.startswith("encoder.layer.")}
    return Upper(layers_of(copies, range(LOWER, count)), weights["encoder.layer.0.output.dense.bias"].shape[0])


def save(trained: Mapping[str, Tensor], weights: Mapping[str, Tensor], path: Path, description: str) -> None:
    """Write the trained state of an `Upper` as differences from the encoder with these weights."""
    own = untrained(weights).state_dict()
    stored: dict[str, Tensor] = {}
    for name, value in trained.items():
        if value.dim() == 2 and name.startswith("layers."):
            change = value.float() - own[name].float()
            scale = change.abs().amax(dim=1, keepdim=True).clamp(min=1e-12) / 127
            stored[name], stored[f"{name}.scale"] = (change / scale).round().to(torch.int8), scale
        else:
            stored[name] = value.float().contiguous()
    metadata = {"format": FORMAT, "encoder": fingerprint(weights), "lower": str(LOWER), "description": description}
    save_file(stored, path, metadata)


def fits(path: Path, weights: Mapping[str, Tensor]) -> bool:
    """Whether the reader of a file was trained for the encoder with these weights. Raises ModelDamaged."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise _damaged(path, error) from error
    wanted = {"format": FORMAT, "encoder": fingerprint(weights), "lower": str(LOWER)}
    return all(metadata.get(name) == value for name, value in wanted.items())


def load(path: Path, weights: Mapping[str, Tensor]) -> Upper:
    """The trained upper part over an encoder with these weights.

    Raises ModelDamaged when the file can't be read, or belongs to another encoder.
    """
    if not fits(path, weights):
        raise ModelDamaged(
            f"The reader {path.name} was trained for another encoder, or by another release.",
            "Set RENGLON_READER=off, or train a reader for this encoder: python -m eval.reader.train --help",
        )
    upper = untrained(weights)
    try:
        with safe_open(path, framework="pt") as file:
            stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a mapping)
        state = upper.state_dict()
        for name in state:
            scale = stored.get(f"{name}.scale")
            state[name] = stored[name] if scale is None else state[name] + stored[name].float() * scale
        upper.load_state_dict(state)
    except (OSError, SafetensorError, KeyError, RuntimeError) as error:
        raise _damaged(path, error) from error
    return upper.eval()


def _damaged(path: Path, error: Exception) -> ModelDamaged:
    return ModelDamaged(
        f"The reader {path.name} can't be loaded: {error}.", "Reinstall Renglón, or set RENGLON_READER=off."
    )
