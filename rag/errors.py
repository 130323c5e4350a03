"""Every error that Renglón raises on purpose, in one tree.

RenglonError
├── InvalidQuestion          the question is empty, too long or not text
├── UnknownDocument          no document has that id
├── UnknownCollection        no collection has that name
├── InvalidCollection        a collection can't have that name, those folders or that calibration
├── CollectionTaken          a folder belongs to another collection, or a collection can't be removed
├── LinesOutOfRange          the lines asked for are not in the document
├── FileRefused              a file of the corpus can't be indexed (the others go on)
│   └── FileUnreadable       the system does not let it be read now; what was indexed of it stays
├── DocumentOfFolder         the document belongs to a synced folder, which alone changes it
├── CorpusNotFound           the folder is missing or not a folder
├── NoReadableFile           the folder holds nothing that can be indexed
├── DataFolderUnusable       the data folder can't be written, or its disk is full
├── DatabaseAway             the database does not answer; it is tried again
├── DatabaseUnusable         the database refuses: wrong address or password, no pgvector, tables of something else
├── MigrationFailed          the target holds another index, or what was moved differs
├── IndexMissing             nothing was indexed yet
├── IndexBusy                another process holds the data folder
├── ModelMismatch            the index was made with another model
│   └── ModelChanged         the index has just been given another model; the question can be asked again
├── ModelDamaged             the model's files are missing, truncated or altered
├── CalibrationUnusable      the file of confidence and thresholds can't be read
├── ProjectionDamaged        Chroma or tantivy can't be read; the catalogue can rebuild it
├── ModelServerFailed        the server that writes answers refused, timed out or sent nothing usable
├── UnknownJob               no job has that id
├── ExportUnusable           a file of answers, or of questions, can't be read
├── FileTooLarge             an upload is over the limit
├── KeyRequired              the request lacks the API key, or has another one
├── TooManyWrongKeys         a client has tried too many API keys
├── NotAllowed               the request comes from a page or for a host that is not allowed
├── UnsafeAddress            another address than loopback was set without an API key
├── PortInUse                the address to listen on is taken
├── Overloaded               too many questions are waiting
├── Abandoned                who asked has left, so that nobody would read the answer
└── NotReady                 the model is still loading, or loading failed
"""

from __future__ import annotations


class RenglonError(Exception):
    """Base of the tree. `detail` says what happened, `hint` what to do about it."""

    def __init__(self, detail: str, hint: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.detail} {self.hint}".strip()


class CalibrationUnusable(RenglonError):
    """The file of confidence and thresholds can't be read."""


class InvalidQuestion(RenglonError):
    """The question is empty, too long or not text."""


class UnknownDocument(RenglonError):
    """No document has that id."""


class UnknownCollection(RenglonError):
    """No collection has that name."""


class InvalidCollection(RenglonError):
    """A collection can't have that name, those folders or that calibration."""


class CollectionTaken(RenglonError):
    """A folder belongs to another collection, or a collection can't be removed."""


class LinesOutOfRange(RenglonError):
    """The lines asked for are not in the document."""


class FileRefused(RenglonError):
    """A file of the corpus can't be indexed; the others go on."""


class FileUnreadable(FileRefused):
    """The system does not let the file be read now; what was indexed of it stays."""


class DocumentOfFolder(RenglonError):
    """The document belongs to a synced folder, which alone changes it."""


class CorpusNotFound(RenglonError):
    """The corpus folder is missing or not a folder."""


class NoReadableFile(RenglonError):
    """The folder holds nothing that can be indexed."""


class DataFolderUnusable(RenglonError):
    """The data folder can't be written, or its disk is full."""


class DatabaseAway(RenglonError):
    """The database does not answer; it is tried again."""


class DatabaseUnusable(RenglonError):
    """The database refuses, or can't be used as it is."""


class MigrationFailed(RenglonError):
    """The target of a migration holds another index, or what was moved differs."""


class IndexMissing(RenglonError):
    """Nothing was indexed yet."""


class IndexBusy(RenglonError):
    """Another process holds the data folder."""


class ModelMismatch(RenglonError):
    """The index was made with another model."""


class ModelChanged(ModelMismatch):
    """The index was given another model while a question was answered with the one before."""


class ModelDamaged(RenglonError):
    """The model's files are missing, truncated or altered."""


class ProjectionDamaged(RenglonError):
    """Chroma or tantivy can't be read; the catalogue can rebuild it."""


class ModelServerFailed(RenglonError):
    """The server that writes answers refused, timed out or sent nothing usable."""


class UnknownJob(RenglonError):
    """No job has that id."""


class ExportUnusable(RenglonError):
    """A file of answers, or of questions, can't be read."""


class FileTooLarge(RenglonError):
    """An upload is over the limit."""


class KeyRequired(RenglonError):
    """The request lacks the API key, or has another one."""


class TooManyWrongKeys(RenglonError):
    """A client has tried too many API keys."""


class NotAllowed(RenglonError):
    """The request comes from a page or for a host that is not allowed."""


class UnsafeAddress(RenglonError):
    """Another address than loopback was set without an API key."""


class PortInUse(RenglonError):
    """The address to listen on is taken."""


class Overloaded(RenglonError):
    """Too many questions are waiting; in `seconds` it will be fewer."""

    def __init__(self, detail: str, hint: str = "", seconds: int = 1) -> None:
        super().__init__(detail, hint)
        self.seconds = seconds


class Abandoned(RenglonError):
    """Who asked has left, so that nobody would read the answer."""


class NotReady(RenglonError):
    """The model is still loading, or loading failed."""


def is_panic(error: BaseException) -> bool:
    """Whether an error is a panic of a library written in Rust.

    Panics are no `Exception`, so that `except Exception` lets them through; yet they end one call, not the process.
    """
    return type(error).__module__ == "pyo3_runtime" and type(error).__name__ == "PanicException"
