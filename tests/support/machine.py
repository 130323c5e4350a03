"""A corpus that lives: files come, change, go and are renamed, the process dies at any moment, the index is rebuilt.

The index is compared with a plain dictionary. Catalogue, Chroma, tantivy and engine are the real ones; the vectors
are E5's, remembered for each text of a small pool. Only the probe runs in this process, which would otherwise start
thousands of short ones (`tests/index/test_healer.py` and `tests/torture/` start them).
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import cast
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from index.database_store import DatabaseStore
from index.health import healer, probe
from index.ingest.sync import Syncer
from index.purge import purge
from index.renglon import build_engine
from index.storage.catalog import Catalog
from index.store import Store
from rag.engine import Engine
from rag.errors import NoReadableFile
from rag.settings import Settings
from tests.support.deaths import Dies, dying
from tests.support.paths import MAX_BYTES
from tests.support.postgres import drop_schema, new_schema
from tests.support.remembering import SENTENCES, TEXTS, Remembering

MEMORY = Path("/dev/shm")  # a death here is a copy of the files: nothing depends on what a real disk keeps
SETTINGS = Settings()
NAMES = ["a.txt", "b.txt", "c.md", "sub/d.txt", "ñandú.txt"]


class Life(RuleBasedStateMachine):
    """`files` is what the folder holds, `indexed` what was acknowledged."""

    encoder: Remembering

    def __init__(self) -> None:
        super().__init__()
        self.work = Path(tempfile.mkdtemp(prefix="renglon-life-", dir=MEMORY if MEMORY.is_dir() else None))
        self.corpus = self.work / "corpus"
        self.corpus.mkdir()
        self.files: dict[str, str] = {}
        self.indexed: dict[str, str] = {}
        self.data = self.work / "data"
        self.store: Store
        self.engine: Engine

    @initialize()
    def begin(self) -> None:
        self._open()

    def _open(self) -> None:
        self.store = Store(self.data)
        with patch.object(probe, "ask", lambda folder, kind, _: probe.look(folder, kind)):
            self.store.catch_up()
        self.store.wait_until_mended()
        assert not self.store.degraded
        self.engine = build_engine(self.store, self.encoder, SETTINGS)

    def _write(self, name: str, text: str) -> None:
        path = self.corpus / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        self.files[name] = text

    @rule(name=st.sampled_from(NAMES), text=st.sampled_from(TEXTS))
    def add_or_change(self, name: str, text: str) -> None:
        self._write(name, text)

    @precondition(lambda self: self.files)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.files)))
        (self.corpus / name).unlink()
        del self.files[name]

    @precondition(lambda self: self.files)
    @rule(data=st.data(), new=st.sampled_from(NAMES))
    def rename(self, data: st.DataObject, new: str) -> None:
        old = data.draw(st.sampled_from(sorted(self.files)))
        if old != new:
            text = self.files[old]
            self.delete_file(old)
            self._write(new, text)

    def delete_file(self, name: str) -> None:
        (self.corpus / name).unlink()
        del self.files[name]

    def _sync(self) -> None:
        try:
            Syncer(self.store, self.encoder, MAX_BYTES).sync(self.corpus)
        except NoReadableFile:
            assert not self.files  # an empty folder is taken for a mistake: nothing is forgotten
        else:
            self.indexed = dict(self.files)

    @rule()
    def sync(self) -> None:
        self._sync()

    @rule()
    def sync_again(self) -> None:
        self._sync()

    @rule(step=st.integers(0, 9))
    def die_while_syncing(self, step: int) -> None:
        before = dict(self.indexed)
        try:
            with dying(self.data, step) as death:
                self._sync()
        except Dies:
            assert death.remains is not None
            self._go_on_from(death.remains)
            self.indexed = {row.file: self._stored(row.id) for row in self.store.catalog.documents()}
            for name in before.keys() | self.files.keys():
                assert self.indexed.get(name) in (before.get(name), self.files.get(name))

    @rule()
    def die(self) -> None:
        remains = self.data.with_name("remains")
        shutil.copytree(self.data, remains)
        self._go_on_from(remains)

    def _go_on_from(self, remains: Path) -> None:
        """The next life begins with a copy of the files that was made while the store was open."""
        self.store.close()
        shutil.rmtree(self.data)
        remains.rename(self.data)
        assert not (self.data / healer.MARK).exists()
        self._open()

    @rule()
    def restart(self) -> None:
        self.store.close()
        self._open()

    @precondition(lambda self: self.indexed)
    @rule()
    def rebuild(self) -> None:
        self.store.rebuild()

    @precondition(lambda self: self.indexed)
    @rule()
    def purge(self) -> None:
        purge(self.store)

    @precondition(lambda self: self.indexed)
    @rule(sentence=st.sampled_from(SENTENCES))
    def ask(self, sentence: str) -> None:
        answer = self.engine.answer(sentence)
        assert not answer.degraded
        assert answer.invalid_citations == 0
        for citation in answer.citations:
            text = self.indexed[citation.file]
            assert text[citation.char_start : citation.char_end] == citation.quote
        holders = {name for name, text in self.indexed.items() if sentence in text}
        if len(holders) < 10:
            assert holders <= {hit.file for hit in answer.passages}
        if holders:
            assert any(sentence in hit.text and hit.file in holders for hit in answer.passages[:2])

    def _stored(self, id_: str) -> str:
        stored = self.store.catalog.text(id_)
        assert stored is not None
        return stored[0]

    @invariant()
    def the_catalogue_is_the_dictionary(self) -> None:
        if hasattr(self, "store"):
            catalog = self.store.catalog
            assert {row.file: self._stored(row.id) for row in catalog.documents()} == self.indexed
            if self.indexed:
                assert self.store.dense.pks() == catalog.pks() == self.store.lexical.pks()

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
        shutil.rmtree(self.work, ignore_errors=True)


class LifeInDatabase(Life):
    """The same over PostgreSQL. A death ends connections and leaves no chance to clear up; the data folder stays."""

    postgres: str

    def __init__(self) -> None:
        self.url = new_schema(self.postgres)
        super().__init__()

    def _open(self) -> None:
        node = DatabaseStore(self.data, self.url)
        node.require_writer()
        if node.catalog.generation:
            node.catch_up()
        self.store = node  # type: ignore[assignment]
        self.engine = build_engine(node, self.encoder, SETTINGS)

    @rule(step=st.integers(0, 3))
    def die_while_syncing(self, step: int) -> None:
        """In the middle of a commit: after so many documents of it."""
        before = dict(self.indexed)
        try:
            with dying(self.data, step, [(Catalog, "replace")]):
                self._sync()
        except Dies:
            self.die()
            self.indexed = {row.file: self._stored(row.id) for row in self.store.catalog.documents()}
            assert self.indexed == before  # all documents of a commit, or none

    @rule()
    def die(self) -> None:
        node = cast(DatabaseStore, self.store)
        node.database.leadership.resign()
        node.close()
        self._open()

    def teardown(self) -> None:
        super().teardown()
        drop_schema(self.url)


def machine_settings(runs: int, steps: int = 30) -> settings:
    """The seed is fixed, so that a red CI can be had again."""
    return settings(
        max_examples=runs, stateful_step_count=steps, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink],
    )  # fmt: skip
