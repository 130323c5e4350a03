"""The reader that the settings name, put on the encoder's lower layers."""

from __future__ import annotations

import logging
from importlib.resources import as_file, files
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


def load_reader(settings: Settings, encoder: Encoder) -> Reader | None:
    """The reader for an encoder; None where it is switched off, or where the bundled one does not fit the encoder.

    Raises ModelDamaged when a reader's file can't be read, or one that was named does not fit the encoder.
    """
    if settings.reader == OFF:
        return None
    from rag.reading.reader import Reader
    from rag.reading.weights import fits, load

    lower = encoder.lower_layers()
    if settings.reader == BUNDLED:
        with as_file(files("rag.reading") / WEIGHTS) as path:
            if not path.exists():
                return None
            if lower is None or not fits(path, lower.weights):
                log.warning("the bundled reader does not fit the model %s: answers are found without one", encoder.name)
                return None
            return Reader(lower, load(path, lower.weights), lower.bf16)
    if lower is None:
        raise ModelDamaged(
            f"No reader fits the model {encoder.name}, which is not of the bundled one's kind.",
            "Set RENGLON_READER=off.",
        )
    return Reader(lower, load(Path(settings.reader), lower.weights), lower.bf16)
