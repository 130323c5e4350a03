"""`renglon eval`: reads the options, runs the evaluation, prints the table and writes the report.

Exit codes: 0 for success, 1 when a floor was missed, 2 for wrong usage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from eval.conversion import convert, moved
from eval.datasets import (
    REQUESTS_GOLD,
    SEEDS_GOLD,
    GoldError,
    Question,
    Split,
    check_gold,
    load_all,
    load_requests,
    of_split,
    sample,
    validate_requests,
)
from eval.invented import ENTRIES, NEWS, build, load_subjects
from eval.report import compare, load_report, metrics_table, write_report
from eval.squad import build_squad
from eval.summary import missed, parse_floors
from rag.settings import Settings

if TYPE_CHECKING:
    from eval.bench import Bench
    from eval.calibrate import Case

err = Console(stderr=True)
INVENTED = {"news": NEWS, "entries": ENTRIES}


@dataclass(frozen=True)
class Dataset:
    """A folder of articles and the questions on it."""

    name: str
    corpus: Path
    questions: list[Question]


def command(
    gold: Annotated[list[Path] | None, typer.Option(help="Gold questions, JSON lines; repeatable.")] = None,
    split: Annotated[
        Split, typer.Option(help="Of gold questions that belong to a split, ask those of this one.")
    ] = "dev",
    corpus: Annotated[Path | None, typer.Option(help="Folder of articles; default: the configured one.")] = None,
    as_: Annotated[str, typer.Option("--as", help="Write the articles as pdf, html or docx first.")] = "",
    out: Annotated[Path, typer.Option(help="Folder for report.json and report.html.")] = Path("eval-report"),
    squad: Annotated[Path | None, typer.Option(help="SQuAD v1 or v2 JSON to use instead of gold and corpus.")] = None,
    invented: Annotated[
        str, typer.Option(help="Ask about invented texts instead of gold and corpus: news or entries.")
    ] = "",
    distractors: Annotated[Path | None, typer.Option(help="SQuAD file whose paragraphs join the corpus.")] = None,
    questions: Annotated[Path | None, typer.Option(help="File with other wording for the same ids.")] = None,
    remove: Annotated[float, typer.Option(min=0, max=1, help="Share of SQuAD paragraphs left out.")] = 0.0,
    sample_: Annotated[int | None, typer.Option("--sample", min=1, help="Ask only so many questions.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the sample and of the removed paragraphs.")] = 0,
    history: Annotated[bool, typer.Option(help="Send the conversation before a question, if it has one.")] = True,
    baselines: Annotated[bool, typer.Option(help="Measure simpler systems too.")] = False,
    old: Annotated[Path | None, typer.Option("--compare", help="Show what changed since this report.json.")] = None,
    calibrate: Annotated[
        Path | None, typer.Option(help="Fit confidence and threshold on gold, and SQuAD if given; write them here.")
    ] = None,
    support: Annotated[
        bool, typer.Option("--support", help="Measure the check of written sentences instead of answers.")
    ] = False,
    requests: Annotated[bool, typer.Option("--requests", help="Measure replies to small talk and summaries.")] = False,
    fail_under: Annotated[list[str] | None, typer.Option(help="metric=value; repeatable.")] = None,
) -> None:
    """Measure answers and citations on gold questions, without a key or a model server."""
    try:
        articles = corpus or Settings.model_validate({}).corpus
        if support:
            return _support(articles)
        if requests:
            return _requests(articles, split)
        floors = parse_floors(fail_under or [])
        before = load_report(old) if old else None
        with TemporaryDirectory(prefix="renglon-eval-") as scratch:
            folder = Path(scratch)
            if calibrate:
                return _calibrate(_gold(gold or [SEEDS_GOLD], articles), squad, folder, calibrate)
            if squad:
                built = build_squad(
                    folder / "corpus", squad, distractors=distractors, wording=questions, remove=remove, seed=seed
                )
                data = Dataset(squad.name, built.folder, built.questions)
            else:
                gold = gold or [SEEDS_GOLD]
                data = _invented(folder / invented, invented) if invented else _gold(gold, articles, split)
                data = _converted(data, as_, folder / as_) if as_ else data
            asked = sample(data.questions, sample_, seed)
            if not history:
                asked = [question.model_copy(update={"history": ()}) for question in asked]
            result = measure(data.corpus, asked, folder / "data", data.name, baselines)
    except (GoldError, ValueError) as error:
        err.print(f"renglon eval: {error}", markup=False, style="red")
        raise typer.Exit(2) from error
    _report(result, out, before, floors)


def _report(result: dict[str, Any], out: Path, before: dict[str, Any] | None, floors: Mapping[str, float]) -> None:
    changes = compare(before, result) if before else None
    Console().print(metrics_table(result, changes))
    err.print(f"Report: {write_report(result, out, changes)}", markup=False)
    if failures := missed(result["metrics"], floors):
        for failure in failures:
            err.print(failure, markup=False, style="red")
        raise typer.Exit(1)


def _gold(paths: Sequence[Path], corpus: Path, split: Split = "dev") -> Dataset:
    questions = load_all(paths)
    check_gold(questions, corpus, ", ".join(path.name for path in paths))
    asked = [question for question in questions if question.split in (None, split)]
    if not asked:
        raise GoldError(f"{', '.join(map(str, paths))}: no question of split {split!r}")
    return Dataset(", ".join(path.name for path in paths), corpus, asked)


def _invented(corpus: Path, kind: str) -> Dataset:
    if kind not in INVENTED:
        raise GoldError(f"--invented {kind}: unknown; choose one of {', '.join(INVENTED)}")
    return Dataset(f"invented {kind}", corpus, build(corpus, load_subjects(INVENTED[kind])))


def _converted(data: Dataset, form: str, target: Path) -> Dataset:
    convert(data.corpus, form, target)
    return Dataset(f"{data.name} as {form}", target, moved(data.questions, data.corpus, form, target))


def measure(
    corpus: Path, questions: Sequence[Question], data_dir: Path, name: str, baselines: bool = False
) -> dict[str, Any]:
    """Index `corpus` into `data_dir` and ask the questions; returns the result that `eval.report` describes.

    Raises the errors of indexing and of the model.
    """
    from eval.run import evaluate

    with _bench(corpus, data_dir, questions) as (bench, meta), Progress(console=err, transient=True) as bars:
        return evaluate(
            bench, questions, corpus, totals=bench.relevant_totals(questions), baselines=baselines,
            meta={"title": name, "dataset": name, **meta},
            progress=_advance(bars, bars.add_task("asking", total=len(questions))),
        )  # fmt: skip


@contextmanager
def _bench(corpus: Path, data_dir: Path, questions: Sequence[Question]) -> Iterator[tuple[Bench, dict[str, Any]]]:
    """Index a corpus into a scratch folder; yields the system to be measured and the report's description of both."""
    from eval.bench import Bench
    from index.ingest.sync import Syncer, model_key
    from index.model.encoder import load_encoder
    from index.model.reader import load_reader
    from index.store import Store
    from rag.evidence.confidence import load_calibration

    settings = Settings.model_validate({})
    # Use the model that is already unpacked in the user's data folder rather than unpacking it into the scratch folder.
    settings = settings.model_copy(update={"models_dir": settings.models_path, "data_dir": data_dir})
    encoder = load_encoder(settings)
    with Store(data_dir) as store:
        err.print(f"indexing {corpus.name}", markup=False)
        Syncer(store, encoder, settings.max_file_bytes).sync(corpus)
        reader = load_reader(settings, encoder)
        calibration = load_calibration(settings.calibration, reading=reader is not None)
        bench = Bench(store, encoder, settings, calibration, reader)
        bench.warm(questions)
        meta = {
            "threshold": dict(calibration.answered), "model": str(model_key(encoder)), "corpus": store.catalog.counts()
        }  # fmt: skip
        yield bench, meta


def _calibrate(seeds: Dataset, squad: Path | None, folder: Path, target: Path) -> None:
    """Fit on the gold questions, on the invented texts, and on SQuAD with a fifth of its paragraphs left out."""
    from eval.calibrate import fit, write

    sets = [seeds, *(_invented(folder / kind, kind) for kind in INVENTED)]
    if squad:
        built = build_squad(folder / "corpus", squad, remove=0.2)
        sets.append(Dataset(squad.stem, built.folder, built.questions))
    cases = [case for n, data in enumerate(sets) for case in _cases(data, folder / f"data{n}")]
    calibration = fit(cases)
    write(calibration, target, reading="read" in calibration["weights"])
    Console().print_json(data=calibration)


def _support(corpus: Path) -> None:
    """Print how well the check of written sentences distinguishes good statements from bad ones."""
    from eval.support import judge, load_statements, mistakes, table
    from index.model.encoder import load_encoder
    from rag.support.check import SupportCheck

    statements = load_statements()
    verdicts = judge(SupportCheck(load_encoder(Settings.model_validate({}))), statements, corpus)
    for mistake in mistakes(statements, verdicts):
        err.print(mistake, markup=False, highlight=False)
    Console().print(table(statements, verdicts))


def _requests(corpus: Path, split: Split) -> None:
    """Print how the gold small talk and requests for summaries are replied to."""
    from eval.requests import ask, mistakes, table
    from index.ingest.sync import Syncer
    from index.model.encoder import load_encoder
    from index.renglon import build_engine
    from index.store import Store

    chosen = of_split(load_requests(REQUESTS_GOLD), split)
    if problems := validate_requests(chosen, corpus):
        raise GoldError("\n".join(problems))
    settings = Settings.model_validate({})
    encoder = load_encoder(settings)
    with TemporaryDirectory(prefix="renglon-eval-") as scratch, Store(Path(scratch)) as store:
        Syncer(store, encoder, settings.max_file_bytes).sync(corpus)
        replies = ask(build_engine(store, encoder, settings), chosen)
    for mistake in mistakes(replies):
        err.print(mistake, markup=False, highlight=False)
    Console().print(table(replies))


def _cases(data: Dataset, data_dir: Path) -> list[Case]:
    from eval.calibrate import Case

    cases = []
    with _bench(data.corpus, data_dir, data.questions) as (bench, _), Progress(console=err, transient=True) as bars:
        for question in bars.track(data.questions, description=f"asking {data.name}"):
            bench.answer(question)
            features = bench.calibration.seen.pop()
            group = question.paragraph or question.id
            cases.append(Case(features, question.answerable, data.name, question.kind, group, question.language))
    return cases


def _advance(bars: Progress, task: Any) -> Callable[[int], None]:
    return lambda count: bars.advance(task, count)


if __name__ == "__main__":
    typer.run(command)
