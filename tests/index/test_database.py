"""The same service over PostgreSQL: nodes that answer alike, one that writes, and what is said when it can't be."""

from __future__ import annotations

import json
import sqlite3
import traceback
import uuid
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from index import migrate as migration
from index.database_store import DatabaseStore
from index.doctor import examine
from index.ingest.plan import UPLOADS
from index.ingest.sync import Syncer
from index.ingest.uploads import Uploads
from index.migrate import COLUMNS, migrate
from index.model.encoder import Encoder
from index.renglon import Renglon
from index.storage.lock import FolderLock
from index.storage.postgres.schema import require_versions
from index.storage.tables import SCHEMA
from index.store import Store
from rag.engine import Engine
from rag.errors import DatabaseAway, DatabaseUnusable, IndexBusy, MigrationFailed
from rag.settings import Settings
from tests.support.models import Tiny
from tests.support.paths import MAX_BYTES, MODELS, ROOT, SEEDS
from tests.support.postgres import Postgres, drop_schema, new_schema

QUESTION = "¿Cuándo cierra la biblioteca?"


def node(folder: Path, database: str, corpus: Path, encoder: Encoder) -> Renglon:
    settings = Settings(data_dir=folder, corpus=corpus, database_url=database, models_dir=MODELS)
    return Renglon(settings, "renglon serve", encoder=encoder)


def test_gold_questions_get_the_same_citations(
    tmp_path: Path, database: str, encoder: Encoder, engine: Engine, seeds_store: Store
) -> None:
    lines = (ROOT / "eval" / "gold" / "seeds.jsonl").read_text().splitlines()
    questions = [json.loads(line)["question"] for line in lines[::12]]
    migrate(seeds_store, database)  # the same vectors: encoded again in half precision they would differ a little
    with node(tmp_path / "data", database, SEEDS, encoder) as opened:
        over_database = opened.engine()
        for question in questions:
            ours, theirs = over_database.answer(question), engine.answer(question)
            assert ours.status == theirs.status
            assert {passage.id for passage in ours.passages} == {passage.id for passage in theirs.passages}
            # The reader computes in half precision, and rounding depends on what is read in one batch: further
            # citations whose scores are as good as equal may change places.
            cited = [[(c.file, c.char_start, c.char_end, c.quote) for c in a.citations] for a in (ours, theirs)]
            assert cited[0][:1] == cited[1][:1]
            assert [c.score for c in ours.citations] == pytest.approx([c.score for c in theirs.citations], abs=0.02)
            assert all(citation.verified for citation in ours.citations)
            assert ours.invalid_citations == 0
            assert not ours.degraded
            assert ours.confidence == pytest.approx(theirs.confidence, abs=0.01)


def test_a_second_node_sees_what_the_first_one_commits(tmp_path: Path, database: str, corpus: Path) -> None:
    with (
        node(tmp_path / "a", database, corpus, Tiny()) as first,
        node(tmp_path / "b", database, corpus, Tiny()) as second,
    ):
        first.syncer().sync(corpus)
        assert "lunes" in second.engine().answer(QUESTION).citations[0].quote
        (corpus / "dos.txt").write_text("La biblioteca cierra los martes.\n")
        assert first.syncer().sync(corpus).changed == ["dos.txt"]
        answer = second.engine().answer(QUESTION)
        assert "martes" in answer.citations[0].quote
        assert (answer.degraded, answer.index_version) == (False, first.store.catalog.generation)
        assert (first.store.follows, second.store.follows) == (False, True)
        for change in (second.writable, second.syncer, second.uploads, second.reembed):
            with pytest.raises(IndexBusy, match="renglon serve"):
                change()
        first.close()
        second.syncer().sync(corpus)  # nobody else writes now
        assert not second.store.follows


def test_a_text_may_hold_what_postgresql_cannot(tmp_path: Path, database: str) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    odd = "Un \x00 y un \U0010fffe y \U0010fffe0.\n" + "El faro de Chipiona mide 69 metros de altura. " * 20
    (corpus / "raro.txt").write_text(odd)
    with DatabaseStore(tmp_path / "data", database) as store:
        store.require_writer()
        Syncer(store, Tiny(), MAX_BYTES).sync(corpus)
        (row,) = store.catalog.documents()
        assert (store.catalog.text(row.id) or ("", ""))[0] == odd


def test_the_words_of_a_node_are_only_a_cache(tmp_path: Path, database: str, corpus: Path) -> None:
    for _ in range(2):
        with DatabaseStore(tmp_path / "data", database) as store:
            store.require_writer()
            Syncer(store, Tiny(), MAX_BYTES).sync(corpus)
            assert store.lexical.pks() == store.catalog.pks() != set()
            (corpus / "tres.txt").write_text("El faro alumbra de noche.\n")
    (place,) = (path for path in (tmp_path / "data" / "words").iterdir() if path.is_dir())
    (place / "meta.json").write_text("no JSON")
    with DatabaseStore(tmp_path / "data", database) as store:
        assert store.lexical.pks() == store.catalog.pks()
        assert len(store.catalog.documents()) == 3


def test_who_is_closed_lets_another_node_write_at_once(tmp_path: Path, database: str) -> None:
    for number in range(30):
        with DatabaseStore(tmp_path / str(number % 2), database) as store:
            store.require_writer()


def test_an_index_moves_to_a_database_and_back(
    tmp_path: Path, database: str, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(tmp_path / "a") as store:
        syncer = Syncer(store, Tiny(), MAX_BYTES)
        syncer.sync(corpus)
        Uploads(store, syncer, MAX_BYTES).save("faro.txt", b"El faro alumbra de noche.\n")
        before, pks = store.catalog.documents(), store.catalog.pks()
        monkeypatch.setattr(Tiny, "encode_documents", lambda *_: pytest.fail("embedded"))
        cut = iter([])  # the first batch goes through, and then it is interrupted
        monkeypatch.setattr(migration, "BATCH", 2)
        with pytest.raises(StopIteration):
            migrate(store, database, lambda *_: next(cut))
        moved = migrate(store, database)
        assert (moved.documents, moved.moved) == (3, 1)
        with pytest.raises(MigrationFailed, match="holds an index already"):
            migrate(store, database)
    with DatabaseStore(tmp_path / "b", database) as node:
        assert node.catalog.documents() == before
        node.catch_up()
        assert all(finding.ok for finding in examine(node))
        back = migrate(node, str(tmp_path / "c"))
        assert back.passages == len(pks)
    with Store(tmp_path / "c") as store:
        assert store.catalog.documents() == before
        assert all(finding.ok for finding in examine(store))
        upload = next(row for row in before if row.root == UPLOADS)
        assert store.originals.read(upload.id, upload.sha256) == b"El faro alumbra de noche.\n"
        assert not pks & set(store.catalog.reserve(1))


def test_tables_of_both_databases_have_the_same_columns(tmp_path: Path, database: str) -> None:
    """But for what only one of them needs: vectors that pgvector searches, tables that nodes share."""
    with closing(sqlite3.connect(":memory:")) as lite:
        lite.executescript(SCHEMA)
        tables = [row[0] for row in lite.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite%'")]
        ours = {
            t: [r[1] for r in lite.execute(f"PRAGMA table_info({t})")] for t in tables if not t.startswith("sqlite")
        }
    with DatabaseStore(tmp_path / "data", database) as node:
        query = """SELECT table_name::text, column_name::text FROM information_schema.columns
            WHERE table_schema = current_schema() ORDER BY ordinal_position"""
        theirs: dict[str, list[str]] = {}
        for table, column in node.database.db.execute(query):
            theirs.setdefault(table, []).append(column)
    assert theirs.pop("vectors") == [*ours.pop("vectors"), "nearest"]
    assert {table: theirs[table] for table in ours} == ours
    assert set(theirs) - set(ours) == {"originals", "removals", "jobs", "job_files"}
    assert {table: ", ".join(ours[table]) for table in COLUMNS} == COLUMNS


WRONG = "".join(reversed("hcslaf"))
REFUSED = [
    ("mysql://127.0.0.1/x", "no PostgreSQL address"),
    ("postgresql://user:geheim@[::1/x", "can't be read"),
    ("postgresql://user:geheim@127.0.0.1:1/x", "does not answer"),
]


@pytest.mark.parametrize(("url", "said"), REFUSED)
def test_an_address_that_is_wrong_is_told_without_its_password(tmp_path: Path, url: str, said: str) -> None:
    with pytest.raises((DatabaseUnusable, DatabaseAway), match=said) as refused:
        DatabaseStore(tmp_path / "data", url)
    told = "".join(traceback.format_exception(refused.value)) + str(refused.value)
    assert "geheim" not in told
    FolderLock(tmp_path / "data", "again").release()  # it was let go


def test_a_database_that_can_not_be_used_is_told(tmp_path: Path, postgres: str) -> None:
    def refused(url: str) -> str:
        with pytest.raises(DatabaseUnusable) as error:
            DatabaseStore(tmp_path / "data", url)
        assert error.value.hint
        return error.value.detail

    with psycopg.connect(postgres, autocommit=True) as db:
        name = f"renglon_{uuid.uuid4().hex[:8]}"
        db.execute(f"CREATE ROLE {name} LOGIN")
        try:
            url, place = new_schema(postgres), postgres.split("@")[1]
            assert "no such user" in refused(f"postgresql://nobody_{name}@{place}")
            assert "no such database" in refused(f"{postgres.rpartition('/')[0]}/nowhere")
            narrow = url.replace("//postgres@", f"//{name}@")
            schema = url.split("search_path%3D")[1].split("%2C")[0]
            assert "no schema" in refused(narrow.replace("%2Cpublic", ""))
            db.execute(f'GRANT USAGE ON SCHEMA "{schema}" TO {name}')
            assert "may not make tables" in refused(narrow)
            db.execute(f'CREATE TABLE "{schema}".invoices (id int)')
            assert "something else: its schema" in refused(url)
            db.execute(f'CREATE TABLE "{schema}".meta (id int)')
            assert "is not Renglón's" in refused(url)
            db.execute(f'DROP TABLE "{schema}".meta; DROP TABLE "{schema}".invoices')
            DatabaseStore(tmp_path / "data", url).close()
            assert "does not allow" in refused(narrow)
            with DatabaseStore(tmp_path / "data", url) as node:
                db.execute(f"UPDATE \"{schema}\".meta SET value = '99' WHERE key = 'schema'")
                with pytest.raises(DatabaseUnusable, match="schema 99"), node.reading():
                    pass
            assert "schema 99" in refused(url)
            db.execute(f"UPDATE \"{schema}\".meta SET value = '1' WHERE key = 'schema'")
            db.execute(f'ALTER TABLE "{schema}".documents DROP COLUMN blocks')  # as the first release made it
            with DatabaseStore(tmp_path / "data", url) as node:
                assert node.catalog.line_kinds("none", [(0, 1)]) == [(None, None)]
            drop_schema(url)
        finally:
            db.execute(f"DROP OWNED BY {name}")
            db.execute(f"DROP ROLE {name}")


def test_a_server_without_pgvector_is_refused(tmp_path: Path) -> None:
    """And a wrong password: both need a server of their own."""
    server = Postgres(vector=False, password="richtig")
    try:
        with pytest.raises(DatabaseUnusable, match="no pgvector"):
            DatabaseStore(tmp_path / "data", server.url)
        with pytest.raises(DatabaseUnusable, match="refuses the password") as refused:
            DatabaseStore(tmp_path / "data", server.url.replace("richtig", WRONG))
        assert WRONG not in "".join(traceback.format_exception(refused.value))
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("server", "vector", "said"), [(130_012, "0.8.5", "PostgreSQL 13"), (160_000, "0.8.1", "0.8.1")]
)
def test_what_is_too_old_is_told(server: int, vector: str, said: str) -> None:
    with pytest.raises(DatabaseUnusable, match=said):
        require_versions(server, vector)
