"""`renglon sync`: done here or handed to the running server, with a progress bar and a summary."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

from api.cli.console import Console
from api.cli.remote import Remote
from index.collections import chosen, declared, kept, require_free, stored
from index.corpus.globs import Globs
from index.renglon import Renglon, database_of, globs_of, text_limits
from index.storage.catalog import Catalog
from rag.errors import IndexBusy
from rag.printable import one_line
from rag.settings import Settings

Mode = Literal["sync", "rebuild", "reembed", "purge"]
Advance = Callable[[int, int], None]
_LISTED = 20  # names shown of each kind by a dry run; --json has them all


@dataclass(frozen=True)
class What:
    """What is to be synced: folders, or the collections of these names; all that are kept where nothing is said."""

    folders: Sequence[Path] = ()
    collections: Sequence[str] = ()
    globs: bool = False  # some were given by hand


def run(mode: Mode, what: What, settings: Settings, err: Console) -> dict[str, Any]:
    """Run a sync, a rebuild, a re-embedding or a purge; returns the report."""
    with progress(err) as advance:
        remote = Remote.of(settings)
        if remote:
            return _handed(remote, mode, what, settings, advance)
        try:
            with Renglon(settings, f"renglon {'purge' if mode == 'purge' else 'sync'}") as renglon:
                return _here(renglon, mode, what, advance)
        except IndexBusy:
            remote = Remote.awaited(settings)
            if remote is None:
                raise
        return _handed(remote, mode, what, settings, advance)


def _handed(remote: Remote, mode: Mode, what: What, settings: Settings, advance: Advance) -> dict[str, Any]:
    if mode != "sync":
        return remote.run(f"/v1/index/{mode}", advance)
    if what.globs:
        raise remote.refuse("--include and --exclude are the server's own")
    remote.require_corpus(what.folders)
    with catalog_of(settings) as catalog:
        known = stored(catalog) if catalog else {}
    for one in declared(settings):
        if one.name in what.collections and (one.name not in known or known[one.name].folders != one.folders):
            raise remote.refuse(f"The collection {one.name} can't be given another folder")
    wanted = urlencode([("collection", name) for name in what.collections])
    return remote.run("/v1/index/sync" + (f"?{wanted}" if wanted else ""), advance)


@contextmanager
def catalog_of(settings: Settings) -> Iterator[Catalog | None]:
    """The catalogue, to be read beside whoever writes it; None where there is none yet."""
    from index.follower import open_catalog

    catalog = open_catalog(settings.data_dir, database_of(settings))
    try:
        yield catalog
    finally:
        if catalog:
            catalog.close()


def _here(renglon: Renglon, mode: Mode, what: What, advance: Advance) -> dict[str, Any]:
    if mode == "sync":
        if what.folders:
            require_free(renglon.store.catalog, what.folders)
            return asdict(renglon.syncer().sync(list(what.folders), advance))
        return asdict(renglon.sync(what.collections, advance))
    if mode == "reembed":
        return {"reembedded_passages": renglon.reembed(advance)}
    if mode == "purge":
        from index.ingest.uploads import tidy
        from index.purge import purge

        tidy(renglon.writable())
        return {"freed_bytes": purge(renglon.writable())}
    return {"rebuilt_passages": renglon.writable().rebuild(lambda n: advance(n, 0))}


def dry(what: What, settings: Settings) -> dict[str, Any]:
    """What a sync would do. Nothing is written and no model is loaded; a running server is not disturbed."""
    from index.ingest.plan import SyncReport, survey

    report, limits = SyncReport(), text_limits(settings)
    with catalog_of(settings) as catalog:
        rows = catalog.documents() if catalog else []
        for folders, globs in _wanted(catalog, what, settings):
            report.add(survey(rows, folders, settings.max_file_bytes, globs, limits).report)
    return asdict(report)


def _wanted(catalog: Catalog | None, what: What, settings: Settings) -> list[tuple[list[Path], Globs]]:
    """The folders that are to be synced, those of one collection together, and which files of them."""
    if what.folders:
        return [(list(what.folders), globs_of(settings))]
    known = kept(catalog, settings)
    found = chosen(catalog, known, what.collections) if catalog else known
    return [(one.paths, one.globs(settings)) for one in found]


def watch(what: What, settings: Settings, err: Console, out: Console) -> None:
    """Sync, and again whenever a file changes, until interrupted."""
    from index.ingest.watch import Watcher

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    remote = Remote.of(settings)
    renglon = None if remote else Renglon(settings, "renglon sync --watch")

    def act(first: bool = False) -> None:
        with progress(err) as advance:
            if remote:
                report = _handed(remote, "sync", what, settings, advance)
            else:
                assert renglon is not None
                report = _here(renglon, "sync", what, advance)
        if first or report["added"] or report["changed"] or report["removed"]:
            show(report, out, err)

    try:
        act(first=True)
        with catalog_of(settings) as catalog:
            roots = {folder: globs for folders, globs in _wanted(catalog, what, settings) for folder in folders}
        out.print(f"watching {', '.join(map(str, roots))}", markup=False)
        Watcher(lambda: roots, act).run(stop)
    finally:
        if renglon:
            renglon.close()


def show(result: dict[str, Any], out: Console, err: Console, names: bool = False) -> None:
    """The summary, in one line; refused files with their reasons before it."""
    for name, reason in result.get("failed", []):
        err.print(f"failed {name}: {one_line(reason)}", markup=False)
    for file, reason in result.get("refused", []):
        kept = " Its indexed version stays." if file in result.get("kept", []) else ""
        err.print(f"refused {one_line(file)}: {reason}{kept}", markup=False)
    if names:
        for kind in ("added", "changed", "removed"):
            for file in result[kind][:_LISTED]:
                out.print(f"{kind} {one_line(file)}", markup=False)
            if len(result[kind]) > _LISTED:
                out.print(f"{kind} {len(result[kind]) - _LISTED} more", markup=False)
    silent = {"seconds", *(key for key in ("kept", "failed") if not result.get(key)), *(["passages"] if names else [])}
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
