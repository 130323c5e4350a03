"""`renglon sync`: done here or handed to the running server, with a progress bar and a summary."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from api.cli.console import Console
from api.cli.remote import Remote
from index.renglon import Renglon, database_of, globs_of, text_limits
from rag.errors import IndexBusy
from rag.printable import one_line
from rag.settings import Settings

Mode = Literal["sync", "rebuild", "reembed", "purge"]
Advance = Callable[[int, int], None]
_LISTED = 20  # names shown of each kind by a dry run; --json has them all


def run(mode: Mode, folders: Sequence[Path], settings: Settings, chosen: bool, err: Console) -> dict[str, Any]:
    """Run a sync, a rebuild, a re-embedding or a purge; returns the report. `chosen`: globs were given by hand."""
    with progress(err) as advance:
        remote = Remote.of(settings)
        if remote:
            return _handed(remote, mode, folders, chosen, advance)
        try:
            with Renglon(settings, f"renglon {'purge' if mode == 'purge' else 'sync'}") as renglon:
                return _here(renglon, mode, folders, advance)
        except IndexBusy:
            remote = Remote.awaited(settings)
            if remote is None:
                raise
        return _handed(remote, mode, folders, chosen, advance)


def _handed(remote: Remote, mode: Mode, folders: Sequence[Path], chosen: bool, advance: Advance) -> dict[str, Any]:
    if mode == "sync":
        if chosen:
            raise remote.refuse("--include and --exclude are the server's own")
        remote.require_corpus(folders)
    return remote.run(f"/v1/index/{mode}", advance)


def _here(renglon: Renglon, mode: Mode, folders: Sequence[Path], advance: Advance) -> dict[str, Any]:
    if mode == "sync":
        return asdict(renglon.syncer().sync(list(folders) or renglon.settings.corpus, advance))
    if mode == "reembed":
        return {"reembedded_passages": renglon.reembed(advance)}
    if mode == "purge":
        from index.ingest.uploads import tidy
        from index.purge import purge

        tidy(renglon.writable())
        return {"freed_bytes": purge(renglon.writable())}
    return {"rebuilt_passages": renglon.writable().rebuild(lambda n: advance(n, 0))}


def dry(folders: Sequence[Path], settings: Settings) -> dict[str, Any]:
    """What a sync would do. Nothing is written and no model is loaded; a running server is not disturbed."""
    from index.follower import open_catalog
    from index.ingest.plan import survey

    catalog = open_catalog(settings.data_dir, database_of(settings))
    rows = catalog.documents() if catalog else []
    if catalog:
        catalog.close()
    chosen = list(folders) or [settings.corpus]
    look = survey(rows, chosen, settings.max_file_bytes, globs_of(settings), text_limits(settings))
    return asdict(look.report)


def watch(folders: Sequence[Path], settings: Settings, chosen: bool, err: Console, out: Console) -> None:
    """Sync, and again whenever a file changes, until interrupted."""
    from index.ingest.watch import Watcher

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    roots = list(folders) or [settings.corpus]
    remote = Remote.of(settings)
    renglon = None if remote else Renglon(settings, "renglon sync --watch")

    def act(first: bool = False) -> None:
        with progress(err) as advance:
            if remote:
                report = _handed(remote, "sync", folders, chosen, advance)
            else:
                assert renglon is not None
                report = _here(renglon, "sync", roots, advance)
        if first or report["added"] or report["changed"] or report["removed"]:
            show(report, out, err)

    try:
        act(first=True)
        out.print(f"watching {', '.join(map(str, roots))}", markup=False)
        Watcher(roots, globs_of(settings), act).run(stop)
    finally:
        if renglon:
            renglon.close()


def show(result: dict[str, Any], out: Console, err: Console, names: bool = False) -> None:
    """The summary, in one line; refused files with their reasons before it."""
    for file, reason in result.get("refused", []):
        kept = " Its indexed version stays." if file in result.get("kept", []) else ""
        err.print(f"refused {one_line(file)}: {reason}{kept}", markup=False)
    if names:
        for kind in ("added", "changed", "removed"):
            for file in result[kind][:_LISTED]:
                out.print(f"{kind} {one_line(file)}", markup=False)
            if len(result[kind]) > _LISTED:
                out.print(f"{kind} {len(result[kind]) - _LISTED} more", markup=False)
    silent = {"seconds"} | ({"kept"} if not result.get("kept") else set()) | ({"passages"} if names else set())
    parts = [
        f"{len(value) if isinstance(value, list) else f'{value:,}'} {key.replace('_', ' ')}"
        for key, value in result.items()
        if key not in silent
    ]
    seconds = "" if names or "seconds" not in result else f" in {result['seconds']:.1f} s"
    out.print(("would be: " if names else "") + ", ".join(parts) + seconds, markup=False)


@contextmanager
def progress(err: Console, what: str = "embedding") -> Iterator[Advance]:
    """A bar on a terminal: what is done and left, rate and time left. Yields `advance(done, left)`."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    rate = TextColumn("{task.fields[rate]}")
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn()]
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(what, total=None, rate="")

        def advance(count: int, left: int) -> None:
            done = bar.tasks[0].completed + count
            speed = bar.tasks[0].speed
            bar.update(task, completed=done, total=done + left, rate=f"{speed:.0f}/s" if speed else "")

        yield advance
