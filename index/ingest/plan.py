"""Plans a sync by comparing folders with what is indexed. Nothing is written and no model is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from index.corpus.documents import Fingerprint, TextLimits, corpus_files, document_id, document_of, looked_at, printable
from index.corpus.formats import listed, reader_of
from index.corpus.globs import Globs
from index.records import DocumentRow
from rag.errors import FileRefused, FileUnreadable, NoReadableFile

UPLOADS = "uploads"  # root of the documents that came over HTTP, and the first part of their names


@dataclass
class SyncReport:
    """What a sync did, or would do. `refused` holds (file, reason), `failed` (collection, reason); times in seconds.

    A file that is refused for what it holds leaves the index and is named under `removed` too. One that the system
    does not let be read now is named under `kept`: its indexed version stays.
    """

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: int = 0
    removed: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    passages: int = 0
    seconds: float = 0.0

    def add(self, other: SyncReport) -> None:
        """Make this the report of both syncs."""
        for report_field in fields(self):
            name = report_field.name
            setattr(self, name, getattr(self, name) + getattr(other, name))


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
        _compare(root, known, names, look, _Look(root, max_bytes, limits), globs)
    return look


def _compare(
    root: Path,
    known: dict[str, DocumentRow],
    names: _Names,
    look: Survey,
    changed: _Look,
    globs: Globs,
) -> None:
    report, seen, unreadable = look.report, set[str](), list[Path]()
    reasons: list[str] = []
    for path in corpus_files(root, globs, unreadable):
        file = names.of(printable(path.relative_to(root).as_posix()), root)
        try:
            size = changed.size(path, known.get(file))
        except FileRefused as refusal:
            report.refused.append((file, str(refusal)))
            reasons.append(f" {file}: {refusal}")
            if isinstance(refusal, FileUnreadable) and file in known:
                seen.add(file)
                report.kept.append(file)
            continue
        seen.add(file)
        if size is None:
            report.unchanged += 1
            continue
        (report.changed if file in known else report.added).append(file)
        look.todo.append(Found(path, root, file, size))
    if not seen:
        detail = f"There is no readable file in {root}." + "".join(reasons[:5])
        raise NoReadableFile(detail, f"Put articles there ({listed()}).")
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


class _Look:
    """Looks whether a file of a folder has to be indexed."""

    def __init__(self, root: Path, max_bytes: int, limits: TextLimits) -> None:
        self._root, self._max_bytes, self._limits = root, max_bytes, limits

    def size(self, path: Path, known: DocumentRow | None) -> int | None:
        """Bytes of a file that is new or changed, or has a better reader now; None for one that stays as it is.

        Raises FileRefused. A format that takes long to read is read by the sync alone, which may still refuse it.
        """
        raw, beside, found = looked_at(path, self._root, self._max_bytes)
        if known is not None and found == Fingerprint(known.sha256, known.reader):
            return None
        file = path.relative_to(self._root).as_posix()
        if not reader_of(file, raw).isolated:
            document_of(file, raw, self._limits, beside)
        return len(raw)


class _Names:
    """Names of files in the index: where two folders have a file of the same name, the folder's name is added."""

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
        if self._owners.get(name) == str(root):
            return name not in self._given
        first, _, rest = name.partition("/")
        upload = first == UPLOADS and bool(rest) and rest.count("/") <= 1  # behind a collection's name, perhaps
        return not upload and name not in self._given and name not in self._owners
