"""Settings become objects, here and nowhere else. What is heavy (torch, Chroma, LlamaIndex) is imported in here,
not at the top, so that the server listens before it is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.corpus.globs import Globs
from rag.settings import Settings

if TYPE_CHECKING:
    from index.corpus.documents import TextLimits
    from index.ingest.sync import Progress, Syncer
    from index.ingest.uploads import Uploads
    from index.model.encoder import Encoder
    from index.store import Store
    from rag.engine import Engine, Indexed


class Renglon:
    """An open data folder with its model: what every door works with."""

    def __init__(
        self, settings: Settings, command: str = "renglon", wait_s: float = 0, encoder: Encoder | None = None
    ) -> None:
        """Open the data folder. The model is loaded when it is first needed, unless an `encoder` is given."""
        from index.follower import open_store

        self.settings = settings
        self.store: Store = open_store(settings.data_dir, command, wait_s, settings.chroma_url)
        self._encoder = encoder
        self._engine: Engine | None = None
        self.coming: Encoder | None = None

    @property
    def encoder(self) -> Encoder:
        """The model that answers, loaded when first needed.

        When the settings name another one than the index was made with, that is the index's own, if it is at hand;
        the one of the settings is `coming` then, until `reembed`.
        """
        if self._encoder is None:
            from index.model.encoder import load_encoder
            from index.model.previous import former_encoder

            wanted = load_encoder(self.settings)
            former = former_encoder(self.store.catalog.model, wanted, self.settings)
            self._encoder, self.coming = (former, wanted) if former else (wanted, None)
        return self._encoder

    @property
    def syncer(self) -> Syncer:
        """What brings a folder into the store."""
        return self._syncer(self.encoder)

    def _syncer(self, encoder: Encoder) -> Syncer:
        from index.ingest.sync import Syncer

        return Syncer(
            self.store, encoder, max_bytes(self.settings), globs_of(self.settings), text_limits(self.settings)
        )

    def reembed(self, progress: Progress | None = None) -> int:
        """Embed everything with the model of the settings, then answer with it. Returns the passages embedded."""
        encoder = self.encoder if self.coming is None else self.coming
        count = self._syncer(encoder).reembed(progress)
        engine = build_engine(self.store, encoder, self.settings)
        self._encoder, self.coming, self._engine = encoder, None, engine
        return count

    @property
    def uploads(self) -> Uploads:
        """The documents that came over HTTP; one for all threads of a process."""
        from index.ingest.uploads import Uploads

        return Uploads(self.store, self.syncer, max_bytes(self.settings), text_limits(self.settings))

    @property
    def engine(self) -> Engine:
        """What answers. Raises IndexMissing, ModelMismatch, ProjectionDamaged."""
        if self._engine is None:
            from index.ingest.sync import require_same_model

            self.store.require_index()
            require_same_model(self.store, self.encoder)
            self.store.catch_up()
            self._engine = build_engine(self.store, self.encoder, self.settings)
            self._engine.warm()
        return self._engine

    def close(self) -> None:
        """Let go of the data folder."""
        self.store.close()

    def __enter__(self) -> Renglon:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def max_bytes(settings: Settings) -> int:
    """Size of the largest file that is indexed, in bytes."""
    return int(settings.max_file_mb * 1_000_000)


def text_limits(settings: Settings) -> TextLimits:
    """How many lines and sentences a file may have."""
    from index.corpus.documents import TextLimits

    return TextLimits(settings.max_file_lines, settings.max_file_sentences)


def globs_of(settings: Settings) -> Globs:
    """Which files of a corpus folder are indexed."""
    return Globs.parse(settings.include, settings.exclude)


def build_engine(store: Store, encoder: Encoder, settings: Settings) -> Engine:
    """An engine over an open store."""
    from index.model.reader import load_reader
    from index.retriever import HybridRetriever
    from rag.engine import Engine
    from rag.evidence.confidence import load_calibration
    from rag.support.check import SupportCheck
    from rag.written.author import Author
    from rag.written.model_server import ModelServer

    server = ModelServer.of(settings)
    author = Author(server.open, settings.llm_timeout_s) if server else None
    if server:
        server.warm()
    reader = load_reader(settings, encoder)
    return Engine(
        retriever=HybridRetriever(store, encoder, settings.passages),
        encoder=encoder,
        index=indexed(store),
        calibration=load_calibration(settings.calibration, reading=reader is not None),
        reader=reader,
        max_chars=settings.max_question_chars,
        max_sentences=settings.max_sentences,
        author=author,
        support=SupportCheck(encoder) if author else None,
    )


def indexed(store: Store) -> Indexed:
    """What an engine reads of an open store besides the passages."""
    from rag.engine import Indexed

    return Indexed(
        source=store.catalog,
        lexicon=lambda: store.lexicon,
        version=lambda: store.catalog.generation,
        degraded=lambda: store.degraded,
    )
