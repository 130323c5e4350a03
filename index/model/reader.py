"""The reader that the settings name, put on the encoder's lower layers."""

from __future__ import annotations

import logging
from functools import partial
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import ModelDamaged
from rag.settings import BUNDLED, Settings

if TYPE_CHECKING:
    from index.model.encoder import Encoder
    from rag.reading.reader import Reader

OFF = "off"
WEIGHTS = "reader.safetensors"  # beside the code that reads them, in rag/reading
log = logging.getLogger("renglon")


def load_reader(settings: Settings, encoder: Encoder, shipped: Traversable | None = None) -> Reader | None:
    """The reader for an encoder; None where it is switched off, or where the bundled one does not fit the encoder.

    `shipped` is the bundled reader's file, by default the one beside the code. Raises ModelDamaged when a reader's
    file is missing or can't be read, or one that was named does not fit the encoder.
    """
    if settings.reader == OFF:
        return None
    from rag.reading.reader import Reader
    from rag.reading.weights import fits, load

    turn = partial(encoder.turns.question, "read")
    lower = encoder.lower_layers()
    if settings.reader == BUNDLED:
        shipped = shipped or files("rag.reading") / WEIGHTS
        if not shipped.is_file():
            raise ModelDamaged(
                "The bundled reader's file is missing from the package.",
                "Reinstall Renglón, or set RENGLON_READER=off to answer without it.",
            )
        with as_file(shipped) as path:
            if lower is None or not fits(path, lower.weights):
                log.warning("the bundled reader does not fit the model %s: answers are found without one", encoder.name)
                return None
            return Reader(lower, load(path, lower.weights), lower.bf16, turn)
    if lower is None:
        raise ModelDamaged(
            f"No reader fits the model {encoder.name}, which is not of the bundled one's kind.",
            "Set RENGLON_READER=off.",
        )
    path = Path(settings.reader)
    return Reader(lower, load(path / WEIGHTS if path.is_dir() else path, lower.weights), lower.bf16, turn)
