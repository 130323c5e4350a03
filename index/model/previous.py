"""The model that an index was made with, when the settings name another one: it answers until the change is done."""

from __future__ import annotations

import logging
from pathlib import Path

from index.ingest.sync import model_key
from index.model.bundled import NAME
from index.model.encoder import Encoder, load_encoder
from index.records import ModelKey
from rag.errors import ModelDamaged
from rag.settings import BUNDLED, Settings

log = logging.getLogger("renglon")


def former_encoder(stored: ModelKey | None, wanted: Encoder, settings: Settings) -> Encoder | None:
    """The stored model; None when it is the wanted one, or isn't at hand.

    Only the bundled model and folders are tried: any other name would be looked up on the hub, which nobody asked for.
    """
    if stored is None or stored == model_key(wanted):
        return None
    name = BUNDLED if stored.name == NAME else stored.name
    if name != BUNDLED and not Path(name).is_dir():
        return None
    try:
        former = load_encoder(settings.model_copy(update={"model": name}), wanted.turns)
    except ModelDamaged as error:
        log.warning("the model that the index was made with can't be loaded: %s", error.detail)
        return None
    if model_key(former) != stored:
        return None
    log.warning("the index answers with %s until all is embedded with %s (renglon sync --reembed)", stored, wanted.name)
    return former
