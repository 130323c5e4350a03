"""The table of jobs: any node puts work there, and the one that writes does it.

A job is done again when the node that was at it died (`election.py` puts it back), so work must bear that; syncs,
uploads and the like do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from index.storage.postgres.connection import Session
from index.storage.postgres.database import PostgresDatabase
from rag.errors import IndexBusy

KEPT = 100  # records of finished jobs; older ones are forgotten
# A file of a job is kept until the job is done.
_COLUMNS = "id, lane, kind, state, record, asked"
_FINISHED = "state IN ('done', 'failed')"


class Posted(NamedTuple):
    """A job as its row has it. Jobs of a `lane` are done one after the other, in the order in which they came.

    `record` is what clients see, `asked` what is to be done; both are JSON.
    """

    id: str
    lane: str
    kind: str
    state: str
    record: str
    asked: str


class JobTable:
    """The jobs of all nodes."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    def post(self, job: Posted, files: Sequence[tuple[str, bytes]], most: int) -> None:
        """Put a job there, with the files that it needs. Raises IndexBusy when so many are waiting already."""

        def put(session: Session) -> None:
            with session.connection.transaction():
                waiting = session.execute(
                    "SELECT count(*) FROM jobs WHERE state = 'queued' AND lane = ?", (job.lane,)
                ).fetchone()[0]
                if waiting >= most:
                    raise IndexBusy(f"{waiting} jobs are waiting.", "GET /v1/jobs/{id} says when one is done.")
                query = f"INSERT INTO jobs ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
                session.execute(query, tuple(job))
                rows = [(job.id, ordinal, name, content) for ordinal, (name, content) in enumerate(files)]
                session.executemany("INSERT INTO job_files VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", rows)
                session.execute("SELECT pg_notify(?, '')", (self._database.channel,))

        self._database.retried(put)

    def get(self, id_: str) -> Posted | None:
        """A job as it is now; None when there is none of that id."""
        query = f"SELECT {_COLUMNS} FROM jobs WHERE id = ?"
        row = self._database.db.execute(query, (id_,)).fetchone()
        return None if row is None else Posted(*row)

    def waiting(self, kind: str) -> Posted | None:
        """The first job of a kind that nobody has begun."""
        query = f"""SELECT {_COLUMNS} FROM jobs WHERE state = 'queued' AND kind = ?
            ORDER BY number LIMIT 1"""
        row = self._database.db.execute(query, (kind,)).fetchone()
        return None if row is None else Posted(*row)

    def take(self, lane: str) -> Posted | None:
        """The next job of a lane, which runs from now on. Only the node that writes takes any. Raises IndexBusy."""
        query = f"""UPDATE jobs SET state = 'running', changed_at = now() WHERE number =
            (SELECT min(number) FROM jobs WHERE state = 'queued' AND lane = ?) RETURNING {_COLUMNS}"""
        with self._database.leadership.session() as session:
            row = session.execute(query, (lane,)).fetchone()
        return None if row is None else Posted(*row)

    def files(self, id_: str) -> list[tuple[str, bytes]]:
        """The files of a job, in order."""
        query = "SELECT name, content FROM job_files WHERE job_id = ? ORDER BY ordinal"
        rows = self._database.db.execute(query, (id_,))
        return [(name, bytes(content)) for name, content in rows]

    def note(self, id_: str, state: str, record: str) -> None:
        """Say how a job is; at its end its files go, and so do the records of old ones."""
        with self._database.transaction() as db:
            db.execute("UPDATE jobs SET state = ?, record = ?, changed_at = now() WHERE id = ?", (state, record, id_))
            if state in ("done", "failed"):
                db.execute("DELETE FROM job_files WHERE job_id = ?", (id_,))
                db.execute(
                    f"""DELETE FROM jobs WHERE {_FINISHED} AND number < coalesce((SELECT number FROM jobs
                    WHERE {_FINISHED} ORDER BY number DESC OFFSET ? LIMIT 1), 0)""", (KEPT,),
                )  # fmt: skip
