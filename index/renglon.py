"""Settings become objects, here and nowhere else. What is heavy (torch, Chroma, LlamaIndex) is imported in here,
not at the top, so that the server listens before it is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from index.corpus.globs import Globs
from index.model.turns import turns_on
from index.records import DEFAULT_COLLECTION
from rag.pool import Pool
from rag.scope import Scope
from rag.settings import Settings

if TYPE_CHECKING:
    from index.collections import Collection
    from index.corpus.documents import TextLimits
    from index.database_store import DatabaseStore
    from index.follower import Follower
    from index.ingest.plan import SyncReport
    from index.ingest.sync import Progress, Syncer
    from index.ingest.uploads import Uploads
    from index.model.encoder import Encoder
    from index.pictures import PagePictures
    from index.reading import ReadableStore
    from index.retriever import HybridRetriever
    from index.store import Store
    from rag.engine import Engine, Indexed


class Renglon:
    """An open data folder with its model: what every door works with. What is loaded, is loaded once."""

    def __init__(
        self, settings: Settings, command: str = "renglon", wait_s: float = 0, encoder: Encoder | None = None
    ) -> None:
        """Open the data folder; the model is loaded when it is first needed, unless an `encoder` is given.

        Raises DataFolderUnusable, IndexBusy.
        """
        from index.follower import open_store

        self.settings = settings
        url = database_of(settings)
        self.store: Store | Follower | DatabaseStore = open_store(
            settings.data_dir, command, wait_s, settings.chroma_url, url
        )
        self._encoder = encoder
        self._engine: Engine | None = None
        self._pictures: PagePictures | None = None
        self.turns = encoder.turns if encoder else turns_on(settings.threads)
        self.pool = Pool(settings.max_waiting, settings.max_wait_s)
        self.coming: Encoder | None = None

    def writable(self) -> Store | DatabaseStore:
        """The store, to be changed. Raises IndexBusy when another process writes it."""
        from index.follower import Follower

        if isinstance(self.store, Follower):
            raise self.store.busy()
        self.store.require_writer()
        return self.store

    def announce(self, url: str, instance: str = "") -> None:
        """Let other processes know where this one, a server, can be asked, unless another one writes the folder."""
        from index.follower import Follower

        if not isinstance(self.store, Follower):
            default = next((one for one in self.collections() if one.name == DEFAULT_COLLECTION), None)
            self.store.announce(url, default.paths[0] if default else None, instance)

    def encoder(self) -> Encoder:
        """The model that answers, loaded at the first call. Raises ModelDamaged.

        When the settings name another one than the index was made with, that is the index's own, if it is at hand;
        the one of the settings is `coming` then, until `reembed`.
        """
        if self._encoder is None:
            from index.model.encoder import load_encoder
            from index.model.previous import former_encoder

            wanted = load_encoder(self.settings, self.turns)
            former = former_encoder(self.store.catalog.model, wanted, self.settings)
            self._encoder, self.coming = (former, wanted) if former else (wanted, None)
        return self._encoder

    def syncer(self, collection: Collection | None = None) -> Syncer:
        """What brings the folders of a collection, by default any folder, into the store; loads the model.

        Raises IndexBusy.
        """
        return self._syncer(self.encoder(), collection)

    def _syncer(self, encoder: Encoder, collection: Collection | None = None) -> Syncer:
        from index.ingest.sync import Syncer

        globs = collection.globs(self.settings) if collection else globs_of(self.settings)
        return Syncer(self.writable(), encoder, self.settings.max_file_bytes, globs, text_limits(self.settings))

    def collections(self) -> list[Collection]:
        """The collections that are kept indexed; those that the settings name are stored. Raises InvalidCollection,
        CollectionTaken."""
        from index.collections import declare, kept

        if not self.store.follows:
            with self.writable().writing:
                declare(self.store.catalog, self.settings)
        return kept(self.store.catalog, self.settings)

    def sync(self, names: Sequence[str] = (), progress: Progress | None = None) -> SyncReport:
        """Bring the folders of some collections, by default of all, into the index; what `sync_collections` raises.

        Raises UnknownCollection, InvalidCollection, CollectionTaken too.
        """
        from index.collections import chosen
        from index.ingest.folders import sync_collections

        return sync_collections(chosen(self.store.catalog, self.collections(), names), self.syncer, progress)

    def within(self, scope: Scope) -> Engine:
        """What answers from the documents in a scope. Raises what `engine` and `Engine.within` raise."""
        from index.collections import completed

        return self.engine(warm=False).within(completed(self.store.catalog, scope))

    def reembed(self, progress: Progress | None = None) -> int:
        """Embed everything with the model of the settings, then answer with it. Returns the passages embedded."""
        encoder = self.encoder() if self.coming is None else self.coming
        # Made before the switch, so that a question in the middle of it finds an engine that can answer.
        engine = build_engine(self.store, encoder, self.settings, self.pool)
        if self._engine is not None:
            self._engine.successor = engine
        count = self._syncer(encoder).reembed(progress)
        self._encoder, self.coming, self._engine = encoder, None, engine
        return count

    def uploads(self) -> Uploads:
        """The documents that came over HTTP; one for all threads of a process. Raises IndexBusy."""
        from index.ingest.uploads import Uploads

        return Uploads(self.writable(), self.syncer(), self.settings.max_file_bytes, text_limits(self.settings))

    def pictures(self) -> PagePictures:
        """The pages of documents as pictures; one for all threads of a process."""
        if self._pictures is None:
            from index.pictures import PagePictures

            self._pictures = PagePictures(self.store, self.settings.max_file_bytes)
        return self._pictures

    def engine(self, warm: bool = True) -> Engine:
        """What answers; made at the first call, and warmed up unless one question is all that will be asked.

        Raises IndexMissing, ModelMismatch, ProjectionDamaged.
        """
        if self._engine is None:
            from index.ingest.sync import require_same_model

            self.store.require_index()
            require_same_model(self.store, self.encoder())
            if not self.store.follows:
                self.writable().catch_up()
            self._engine = build_engine(self.store, self.encoder(), self.settings, self.pool)
            if warm:
                self._engine.warm()
        return self._engine

    def retriever(self) -> HybridRetriever:
        """What finds passages, for engines other than Renglón's. Raises what `engine` raises."""
        from index.retriever import HybridRetriever

        self.engine()  # opens and checks everything
        return HybridRetriever(self.store, self.encoder(), self.settings.passages)

    def close(self) -> None:
        """Let go of the data folder."""
        if self._pictures is not None:
            self._pictures.close()
        self.store.close()

    def __enter__(self) -> Renglon:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def database_of(settings: Settings) -> str | None:
    """The URL of the database that holds the catalogue; None where the data folder does."""
    return settings.database_url.get_secret_value() if settings.database_url else None


def text_limits(settings: Settings) -> TextLimits:
    """How many lines and sentences a file may have."""
    from index.corpus.documents import TextLimits

    return TextLimits(settings.max_file_lines, settings.max_file_sentences)


def globs_of(settings: Settings) -> Globs:
    """Which files of a corpus folder are indexed."""
    return Globs.parse(settings.include, settings.exclude)


def build_engine(store: ReadableStore, encoder: Encoder, settings: Settings, pool: Pool | None = None) -> Engine:
    """An engine over an open store; `pool` runs what is asked of it asynchronously."""
    from index.articles import StoredArticles
    from index.collections import calibration_of_scope
    from index.model.reader import load_reader
    from index.retriever import HybridRetriever
    from rag.conversation.conversation import Conversation
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
    index = indexed(store)
    return Engine(
        retriever=HybridRetriever(store, encoder, settings.passages),
        encoder=encoder,
        index=index,
        calibration=load_calibration(settings.calibration, reading=reader is not None),
        calibrated=lambda scope: calibration_of_scope(store.catalog, scope, reading=reader is not None),
        reader=reader,
        max_chars=settings.max_question_chars,
        max_sentences=settings.max_sentences,
        author=author,
        support=SupportCheck(encoder) if author else None,
        pool=pool,
        conversation=Conversation(StoredArticles(store), index.lexicon, index.boilerplate, index.version),
    )


def indexed(store: ReadableStore) -> Indexed:
    """What an engine reads of an open store besides the passages."""
    from index.boilerplate import BoilerplateScores
    from rag.engine import Indexed

    return Indexed(
        source=store.catalog,
        lexicon=lambda: store.lexicon,
        version=lambda: store.catalog.generation,
        boilerplate=BoilerplateScores(store),
        degraded=lambda: store.degraded,
    )
