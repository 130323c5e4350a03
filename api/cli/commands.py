"""The command line, but for what other packages add (`renglon eval`).

Exit codes: 0 well; 1 an error, or doctor found something; 2 wrong usage; 3 the articles don't say.
"""

from __future__ import annotations

import ast
import importlib.util
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import InspectLoader
from importlib.metadata import EntryPoint, entry_points, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api import logs
from api.cli.console import Console, print_json, write
from api.cli.folders import pairs, to_keep, told_apart
from api.exports.formats import Format, export
from rag import messages
from rag.errors import IndexBusy, IndexMissing, RenglonError
from rag.scope import Scope
from rag.settings import Settings
from rag.types import Answer

if TYPE_CHECKING:
    from api.cli.remote import Remote
    from rag.engine import Engine

app = typer.Typer(
    help="Answers from a folder of articles; every sentence cites file and line.", no_args_is_help=True,
    pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
out, err = Console(soft_wrap=True, highlight=False), Console(stderr=True, highlight=False)
Files = Annotated[list[str] | None, typer.Option("--files", help="Only from files that match this glob; repeatable.")]
Collections = Annotated[list[str] | None, typer.Option("--collection", help="Only from this collection; repeatable.")]
Documents = Annotated[
    list[str] | None, typer.Option("--document", help="Only from the document of this id; repeatable.")
]
Kept = Annotated[
    list[str] | None,
    typer.Argument(help="Folder to keep indexed, or NAME=FOLDER for each collection; default: RENGLON_CORPUS."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
NO_EVIDENCE_EXIT = 3
WAIT_S = 10  # another short command may hold the data folder


def _load_settings(**overrides: Any) -> Settings:
    return Settings(**{key: value for key, value in overrides.items() if value is not None})


def _require_index(settings: Settings) -> None:
    if settings.database_url is None and not (settings.data_dir / "catalog.sqlite").exists():
        raise IndexMissing("Nothing is indexed yet.", "Run: renglon sync FOLDER")


def _print_version(wanted: bool) -> None:
    if wanted:
        out.print(f"renglon {version('renglon')}", markup=False)
        raise typer.Exit()


@app.callback()
def _options(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Answers from a folder of articles; every sentence cites file and line."""


@app.command()
def sync(
    folders: Annotated[
        list[str] | None, typer.Argument(help="Folders of articles, or NAME=FOLDER; default: all that are kept.")
    ] = None,
    collection: Annotated[
        list[str] | None, typer.Option("--collection", help="Only the folders of this collection; repeatable.")
    ] = None,
    include: Annotated[list[str] | None, typer.Option(help="Only files that match this glob; repeatable.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="No files that match this glob; repeatable.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on: sync again whenever a file changes.")] = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Rebuild Chroma and tantivy without embedding.")] = False,
    reembed: Annotated[
        bool, typer.Option("--reembed", help="Embed everything with the model that is set now.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Index what is new or changed in folders, forget what is gone. A running server is handed the work."""
    from api.cli import sync_command

    if sum((dry_run, watch, rebuild, reembed)) > 1:
        raise typer.BadParameter("--dry-run, --watch, --rebuild and --reembed exclude each other.")
    globs = {"include": ",".join(include) if include else None, "exclude": ",".join(exclude) if exclude else None}
    plain, named = told_apart(folders)
    if plain and (named or collection):
        raise typer.BadParameter("Folders without a name can't be synced together with collections.")
    settings = _load_settings(collections=pairs(named), **globs)
    names = [*(collection or []), *(pair.split("=", 1)[0] for pair in named)]
    what = sync_command.What([Path(folder) for folder in plain], names, bool(include or exclude))
    if watch:
        return sync_command.watch(what, settings, err, out)
    mode: sync_command.Mode = "rebuild" if rebuild else "reembed" if reembed else "sync"
    result = sync_command.dry(what, settings) if dry_run else sync_command.run(mode, what, settings, err)
    if as_json:
        print_json(result)
    else:
        sync_command.show(result, out, err, dry_run)
    return None


@app.command()
def purge(as_json: AsJson = False) -> None:
    """Remove what was deleted from the disk: all stores are rewritten."""
    from api.cli import sync_command

    settings = _load_settings()
    _require_index(settings)
    result = sync_command.run("purge", sync_command.What(), settings, err)
    if as_json:
        print_json(result)
    else:
        sync_command.show(result, out, err)


@app.command()
def migrate(
    to: Annotated[str, typer.Option(help="postgresql://USER@HOST/DATABASE, or the folder to move it back to.")],
    as_json: AsJson = False,
) -> None:
    """Move the index to a PostgreSQL database, or from there to a folder, and compare it; nothing is embedded again."""
    from api.cli import migrate_command, sync_command

    settings = _load_settings()
    with sync_command.progress(err, "moving") as advance:
        result = migrate_command.run(to, settings, advance)
    if as_json:
        print_json(result)
    else:
        sync_command.show(result, out, err)


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="The question.")] = None,
    as_json: AsJson = False,
    form: Annotated[Format | None, typer.Option("--export", help="Print the answer in this format.")] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="Answer the questions of this .txt, .csv or .jsonl file instead.")
    ] = None,
    target: Annotated[
        Path | None, typer.Option("--out", help="With --from: the .jsonl or .csv file to write; goes on in it.")
    ] = None,
    files: Files = None,
    collection: Collections = None,
    document: Documents = None,
) -> None:
    """Answer a question; exit code 3 when the articles don't say, or don't clearly say."""
    settings, scope = _load_settings(), _scope(files, collection, document)
    if source or target:
        if question or form or not (source and target):
            raise typer.BadParameter("--from FILE and --out FILE belong together, without a question or --export.")
        return _ask_all(source, target, settings, as_json, scope)
    if question is None:
        raise typer.BadParameter("Give a question, or --from FILE and --out FILE.")
    with _answering(settings, "renglon ask", scope) as answering:
        answer = answering.answer(question)
    if form:
        write(export([answer], form))
    elif as_json:
        print_json(answer.model_dump())
    else:
        _print_answer(answer)
    if answer.status in ("no_evidence", "unsure"):
        raise typer.Exit(NO_EVIDENCE_EXIT)


def _scope(files: list[str] | None, collection: list[str] | None, documents: list[str] | None) -> Scope:
    return Scope(tuple(files or ()), collection=tuple(collection or ()), documents=tuple(documents or ()))


def _ask_all(source: Path, target: Path, settings: Settings, as_json: bool, scope: Scope) -> None:
    from api.cli import batch_command

    report = batch_command.run(source, target, lambda: _answering(settings, "renglon ask", scope), err)
    if as_json:
        print_json(report)
    else:
        batch_command.show(report, target, out, err)
    if report["broken"]:
        raise typer.Exit(1)


@contextmanager
def _answering(settings: Settings, command: str, scope: Scope) -> Iterator[Engine | Remote]:
    """What answers questions: the server that holds the data folder, or else an engine over the folder, which is closed
    properly afterwards, so that the next start need not check it."""
    from api.cli.remote import Remote

    if remote := Remote.of(settings):
        yield remote.within(scope)
        return
    from index.renglon import Renglon

    _require_index(settings)
    with Renglon(settings, command, WAIT_S) as renglon:
        yield renglon.within(scope)


def _print_answer(answer: Answer) -> None:
    """The words that answer first, where the reader marked them; then the sentences, and quotes with their lines."""
    first = answer.citations[0].answer_span if answer.citations else None
    if first is not None and answer.status == "answered" and not answer.differing:
        out.print(f"→ {first.text}\n", markup=False, style="bold")
    out.print(answer.text, markup=False, style="bold")
    if answer.differing:
        out.print(f"\n{messages.DIFFERING[answer.language]}", markup=False, style="yellow")
    for value in answer.differing:
        markers = " ".join(c.marker for c in answer.citations if c.n in value.citations)
        out.print(f"  {value.value}  {markers}", markup=False)
    if answer.citations:
        out.print()
    for citation in answer.citations:
        mark = "✓" if citation.verified else "✗"
        out.print(f"{mark} {citation.marker}  {citation.quote}", markup=False)
    for doubt in (sentence for sentence in answer.sentences if not sentence.supported):
        written = answer.text[doubt.answer_start : doubt.answer_end]
        out.print(f"✗ {written} ({doubt.reason})", markup=False, style="yellow")
    for note in filter(None, [answer.notice, _dropped(answer)]):
        out.print(f"\n{note}", markup=False, style="yellow")
    if answer.status == "no_evidence" and answer.passages:
        out.print("\nRelacionado:" if answer.language == "es" else "\nRelated:")
        for hit in answer.passages[:3]:
            _print_hit(hit)


def _dropped(answer: Answer) -> str | None:
    n = answer.dropped_markers
    which = "1 source that doesn't exist; it was" if n == 1 else f"{n} sources that don't exist; they were"
    return f"The model cited {which} dropped." if n else None


def _print_hit(hit: Any) -> None:
    text = " ".join(hit.text.split())
    shown = text if len(text) <= 300 else text[:300].rsplit(" ", 1)[0] + " …"
    out.print(f"  {hit.file}:{hit.line_start}  {shown}", markup=False)


@app.command()
def search(
    query: str, as_json: AsJson = False, files: Files = None, collection: Collections = None, document: Documents = None
) -> None:
    """List the passages nearest to a question."""
    settings = _load_settings()
    with _answering(settings, "renglon search", _scope(files, collection, document)) as answering:
        result = answering.search(query)
    if as_json:
        print_json(result.model_dump())
    else:
        for hit in result.passages:
            _print_hit(hit)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="What ask wrote with --export json, --json or --out.")],
    folders: Annotated[
        list[Path] | None, typer.Option("--in", help="Folder of the cited files; repeatable; default: RENGLON_CORPUS.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 1 for moved quotes, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check the citations of a file against the files on disk; exit code 1 when a quote is not there any more."""
    from api.cli import verify_command

    checks = verify_command.run(file, folders or [], _load_settings())
    if as_json:
        print_json(verify_command.as_data(checks))
    else:
        verify_command.show(checks, out)
    found = verify_command.counts(checks)
    if found["stale"] or (strict and found["moved"]):
        raise typer.Exit(1)


@app.command()
def serve(
    folders: Kept = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Sync again whenever a file changes.")] = False,
    browser: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Index the corpus and answer over HTTP."""
    from api.serve import serve as run

    run(to_keep(folders, host=host, port=port), watch, browser=browser)


@app.command()
def collections(
    names: Annotated[
        list[str] | None, typer.Argument(help="NAME, or NAME=FOLDER: made or changed; without any, all are listed.")
    ] = None,
    include: Annotated[list[str] | None, typer.Option(help="Only files that match this glob; repeatable.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="No files that match this glob; repeatable.")] = None,
    calibration: Annotated[
        Path | None, typer.Option(help="File of `renglon eval --calibrate`, for answers from it alone.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take it and its documents out of the index.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the named collections, make, change or remove them; `renglon sync` then brings in their files."""
    from api.cli import collections_command
    from api.cli.sync_command import progress

    settings = _load_settings()
    if remove and (not names or include or exclude or calibration):
        raise typer.BadParameter("--remove wants names, and nothing else.")
    for name in names or []:
        if remove:
            with progress(err) as advance:
                collections_command.remove(name, settings, advance)
        else:
            collections_command.change(name, settings, include, exclude, calibration)
    found = collections_command.listed(settings)
    if as_json:
        print_json(found)
    else:
        collections_command.show(found, out)


@app.command()
def init(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.")] = Path(".env"),
) -> None:
    """Write a file with all settings, each explained and none set; RENGLON_ENV_FILE then names it."""
    from api.cli.init_command import write

    write(file)
    out.print(f"{file} is written. Set what you need in it, then: RENGLON_ENV_FILE={file} renglon serve", markup=False)


@app.command()
def mcp(
    folders: Kept = None,
) -> None:
    """Speak the Model Context Protocol on standard input and output, for a client that starts this command."""
    from api.cli.mcp_command import run

    run(to_keep(folders))


@app.command()
def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Rebuild what is damaged from the catalogue.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check data folder, catalogue, Chroma and tantivy; exit code 1 when something is (still) wrong."""
    from dataclasses import asdict

    from index import doctor as check
    from index.follower import open_to_examine
    from index.renglon import database_of
    from index.storage.lock import holder_of

    settings = _load_settings()
    _require_index(settings)
    if url := (holder_of(settings.data_dir) or {}).get("url"):
        raise IndexBusy(f"A server at {url} holds the data folder.", "Stop it first, or GET /v1/index there.")
    args = settings.data_dir, "renglon doctor", WAIT_S, settings.chroma_url, database_of(settings)
    with open_to_examine(*args) as store:
        if fix:
            store.require_writer()
            check.fix(store)
        findings = [*check.examine(store), *_model_server(settings)]
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            out.print(f"{'✓' if finding.ok else '✗'} {finding.check}: {finding.detail}", markup=False)
            if finding.mend:
                out.print(f"  mend it with: {finding.mend}", markup=False)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _model_server(settings: Settings) -> list[Any]:
    """Whether the model server that writes answers is there; nothing when none is set."""
    import asyncio

    from index.doctor import Finding
    from rag.written.model_server import ModelServer

    try:
        server = ModelServer.of(settings)
        names = asyncio.run(server.names()) if server else []
    except RenglonError as error:
        return [Finding("model server", False, error.detail, error.hint)]
    if server is None:
        return []
    wanted = settings.llm_model
    if wanted and wanted not in names:
        known = ", ".join(names[:10]) or "none"
        return [Finding("model server", False, f"{server.url} has no model {wanted!r}; it has {known}.",
                        "Set RENGLON_LLM_MODEL to one of these.")]  # fmt: skip
    if not names:
        return [Finding("model server", False, f"{server.url} names no model.", "Load one there.")]
    return [Finding("model server", True, f"{server.url} answers with {wanted or names[0]}")]


def _summary(entry: EntryPoint) -> str:
    """What a command of another package says of itself, read from its source."""
    spec = importlib.util.find_spec(entry.module)
    source = spec.loader.get_source(entry.module) if spec and isinstance(spec.loader, InspectLoader) else None
    for node in ast.parse(source or "").body:
        if isinstance(node, ast.FunctionDef) and node.name == entry.attr:
            return ast.get_docstring(node) or ""
    return ""


def main() -> None:
    """Run the command line; one of our own errors becomes one line and exit code 1."""
    logs.install(logging.WARNING, "%(message)s")
    completing = any(name.endswith("_COMPLETE") for name in os.environ)
    for entry in entry_points(group="renglon.commands"):
        if completing or entry.name in sys.argv:
            app.command(entry.name)(entry.load())
        else:  # only its name and its first sentence are wanted: importing it would take as long as all the rest
            app.command(entry.name, help=_summary(entry))(lambda: None)
    try:
        app(prog_name="renglon")
    except RenglonError as error:
        err.print(f"renglon: {error}", markup=False, style="red")
        sys.exit(1)
