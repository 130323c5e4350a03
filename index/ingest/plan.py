"""What a sync would do: folders are compared with what is indexed. Nothing is written, no model is loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from index.corpus.documents import Document, TextLimits, corpus_files, document_id, printable, read_document
from index.corpus.globs import Globs
from index.records import DocumentRow
from rag.errors import FileRefused, FileUnreadable, NoReadableFile

UPLOADS = "uploads"  # root of the documents that came over HTTP, and the first part of their names


@dataclass
class SyncReport:
    """What a sync did, or would do. `refused` holds (file, reason); times in seconds.

    A file that is refused for what it holds leaves the index and is named under `removed` too. One that the system
    does not let be read now is named under `kept`: its indexed version stays.
    """

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: int = 0
    removed: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    passages: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Found:
    """A file that is new or changed: `file` is the name it has in the index; size in bytes."""

    path: Path
    root: Path
    file: str
    size: int


@dataclass
class Survey:
    """What has to be done: files to index, ids of documents to forget, and the report of both."""

    todo: list[Found] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    report: SyncReport = field(default_factory=SyncReport)

    def refuse(self, file: str, reason: str, forget: bool = True) -> None:
        """Report a file of `todo` as refused. `forget`: its indexed version leaves the index, if there is one."""
        report = self.report
        report.refused.append((file, reason))
        if forget and file in report.changed:
            self.gone.append(document_id(file))
            report.removed.append(file)
        report.added = [added for added in report.added if added != file]
        report.changed = [changed for changed in report.changed if changed != file]


def survey(
    rows: Iterable[DocumentRow],
    roots: Sequence[Path],
    max_bytes: int,
    globs: Globs,
    limits: TextLimits = TextLimits(),  # noqa: B008
) -> Survey:
    """Compare folders with the documents that are indexed. Raises CorpusNotFound; NoReadableFile when one of the
    folders holds nothing that can be indexed."""
    look, rows = Survey(), list(rows)
    names = _Names({row.file: row.root for row in rows})
    for root in dict.fromkeys(root.resolve() for root in roots):
        known = {row.file: row for row in rows if row.root == str(root)}
        read = partial(read_document, root=root, max_bytes=max_bytes, limits=limits)
        _compare(root, known, names, look, read, globs)
    return look


def _compare(
    root: Path,
    known: dict[str, DocumentRow],
    names: _Names,
    look: Survey,
    read: Callable[[Path], Document],
    globs: Globs,
) -> None:
    report, seen, unreadable = look.report, set[str](), list[Path]()
    reasons: list[str] = []
    for path in corpus_files(root, globs, unreadable):
        file = names.of(printable(path.relative_to(root).as_posix()), root)
        try:
            document = read(path)
        except FileRefused as refusal:
            report.refused.append((file, str(refusal)))
            reasons.append(f" {file}: {refusal}")
            if isinstance(refusal, FileUnreadable) and file in known:
                seen.add(file)
                report.kept.append(file)
            continue
        seen.add(file)
        if file in known and known[file].sha256 == document.sha256:
            report.unchanged += 1
            continue
        (report.changed if file in known else report.added).append(file)
        look.todo.append(Found(path, root, file, document.size))
    if not seen:
        detail = f"There is no readable file in {root}." + "".join(reasons[:5])
        raise NoReadableFile(detail, "Put .txt or .md files there.")
    closed = [folder.relative_to(root).as_posix() for folder in unreadable]
    report.refused += [(f"{folder}/", "The folder can't be read.") for folder in closed]
    for file, row in known.items():
        if file in seen:
            continue
        if any(file.startswith((f"{folder}/", f"{root.name}/{folder}/")) for folder in closed):
            report.kept.append(file)
        else:
            look.gone.append(row.id)
            report.removed.append(file)


class _Names:
    """Names of files in the index: a file of the same name in another folder is told apart by its folder's name."""

    def __init__(self, owners: dict[str, str]) -> None:
        self._owners = owners
        self._given: set[str] = set()

    def of(self, file: str, root: Path) -> str:
        """The name of a file of `root`; it keeps it as long as it is indexed."""
        tries = 0
        name = file
        while not self._free(name, root):
            tries += 1
            name = f"{root.name}/{file}" if tries == 1 else f"{root.name}~{tries}/{file}"
        self._given.add(name)
        return name

    def _free(self, name: str, root: Path) -> bool:
        first, _, rest = name.partition("/")
        upload = first == UPLOADS and bool(rest) and "/" not in rest
        return not upload and name not in self._given and self._owners.get(name) in (None, str(root))
