"""What the terminal shows of a study: one line that moves, and tables."""

from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType

from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from search.analysis.comparison import AnyMetricName, seed_spread
from search.config import Score
from search.evaluation.kind_metrics import AnomalyResult, ClassResult
from search.evaluation.metrics import KindMetrics
from search.study.delivery import delivery_sentence, divergence_sentence
from search.study.progress import Progress as StudyProgress
from search.study.results import StudyResults, WinnerResult

# Shorter than the names, so that the table fits into a terminal.
_HEADINGS = {
    "false_alarm_rate": "false",
    "missing_rate": "missed",
    "detection_delay": "delay",
}


def stdout() -> Console:
    """Return the console for results."""
    return Console(highlight=False)


def stderr() -> Console:
    """Return the console for notices and progress."""
    return Console(stderr=True, highlight=False)


def write_line(console: Console, text: str, *, style: str = "") -> None:
    """Write a sentence as it is: not cut into lines, nothing in it read as markup."""
    console.print(Text(text, style=style), soft_wrap=True)


class ProgressScreen:
    """Shows the progress of a study on stderr; a log line a trial without a terminal.

    Used as a context; `show` takes each new state.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[count]}"),
            TextColumn("{task.fields[best]}"),
            TextColumn("{task.fields[eta]}"),
            console=console,
        )
        self._task = self._progress.add_task(
            "waiting", total=1.0, count="", best="", eta=""
        )
        self._live = Live(self._progress, console=console, refresh_per_second=4)
        self._last_news = ""

    def __enter__(self) -> "ProgressScreen":
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def show(self, progress: StudyProgress) -> None:
        """Show where the study stands now."""
        count, best = counted(progress), best_scores(progress)
        left = remaining(progress)
        if self._console.is_terminal:
            self._progress.update(
                self._task,
                description=progress.state,
                completed=progress.fraction,
                count=count,
                best=best,
                eta=left,
            )
            return
        news = f"{progress.state} {progress.n_done} {progress.counts.failed} {best}"
        if news != self._last_news:
            self._last_news = news
            write_line(
                self._console, f"{progress.state}: {count} {best} {left}".strip()
            )


def counted(progress: StudyProgress) -> str:
    """Return how far the budget is used, such as ``7/12 trials, 1 failed``."""
    of_all = "" if progress.n_trials is None else f"/{progress.n_trials}"
    text = f"{progress.n_done}{of_all} trials"
    if progress.seconds_budget is not None:
        used, allowed = progress.seconds_used, progress.seconds_budget
        text += f", {duration(min(used, allowed))} of {duration(allowed)}"
    if progress.counts.failed:
        text += f", {progress.counts.failed} failed"
    return text


def best_scores(progress: StudyProgress) -> str:
    """Return the best score of each cell so far."""
    return "  ".join(
        f"{cell} {number(trial.score)}" for cell, trial in progress.best.items()
    )


def remaining(progress: StudyProgress) -> str:
    """Return the time that is left, in words; empty where it is not known."""
    if progress.eta_seconds is None:
        return ""
    return f"about {duration(progress.eta_seconds)} left"


def duration(seconds: float) -> str:
    """Return seconds as ``h:mm:ss``."""
    return str(timedelta(seconds=round(seconds)))


def number(value: float | None) -> str:
    """Return a number with the digits that matter."""
    return "–" if value is None else f"{value:.4g}"


def write_table(
    console: Console, columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    """Write a table; all columns but the first are aligned to the right.

    No number is cut: in a narrow terminal a line goes on below.
    """
    made = Table(box=None, pad_edge=False, header_style="bold")
    for position, cells in enumerate(zip(columns, *rows, strict=True)):
        justify: JustifyMethod = "right" if position else "left"
        made.add_column(cells[0], justify=justify, min_width=max(map(cell_len, cells)))
    for row in rows:
        # Plain text: a name of a study is never read as markup.
        made.add_row(*(Text(cell) for cell in row))
    console.print(made, crop=False, soft_wrap=True)


def _write_results_table(console: Console, results: StudyResults) -> None:
    """Write winners and baselines, with their errors on the holdout.

    Below a winner stand mean and standard deviation of the scores of its seeds.
    """
    metrics = _shown_metrics(results)
    rows: list[tuple[str, ...]] = []
    for cell, winner in results.winners.items():
        star = " *" if cell == results.best_cell else ""
        rows.append(
            (
                f"{cell}{star}",
                number(winner.cv),
                *_values(winner.holdout, metrics),
                f"{winner.n_parameters:,}",
                f"{winner.seconds:.1f} s",
            )
        )
        if len(winner.seeds) > 1:
            rows += _seed_rows(winner, metrics)
    for name, found in results.baselines.items():
        shown = name.replace("_", " ")
        rows.append((shown, "", *_values(found, metrics), "", ""))
    headings = [_HEADINGS.get(name, name.replace("_", " ")) for name in metrics]
    columns = ("", "cv score", *headings, "weights", "training")
    write_table(console, columns, rows)


def _shown_metrics(results: StudyResults) -> tuple[AnyMetricName | Score, ...]:
    """Return the metrics of the table; they depend on what was asked for."""
    found = next(iter(results.winners.values()), None)
    holdout = None if found is None else found.holdout
    if isinstance(holdout, ClassResult):
        return ("accuracy", "f1", "roc_auc", "log_loss")
    if isinstance(holdout, AnomalyResult):
        return (
            *("f1", "precision", "recall"),
            *("false_alarm_rate", "missing_rate", "detection_delay"),
        )
    is_value = results.data.get("task") == "regression"
    return ("rmse", "mae", "r2") if is_value else ("rmse", "mae", "mase")


def _values(found: KindMetrics, metrics: Sequence[str]) -> list[str]:
    return [number(getattr(found, name, None)) for name in metrics]


def write_results(console: Console, results: StudyResults) -> None:
    """Write the comparison: its table, the verdict, and what to know of each winner."""
    _write_results_table(console, results)
    write_line(console, results.verdict)
    for cell, winner in results.winners.items():
        sentences = f"{delivery_sentence(winner)} {divergence_sentence(winner)}"
        write_line(console, f"{cell}: {sentences.strip()}")
        for one in winner.diverged:
            write_line(console, f"{cell}, seed {one.seed}: {one.reason}")
    for cell_name, reason in results.skipped_cells.items():
        write_line(console, f"{cell_name} was left out: {reason}")


def _seed_rows(
    winner: WinnerResult, metrics: Sequence[AnyMetricName | Score]
) -> list[tuple[str, ...]]:
    """Return mean and standard deviation over the seeds of a winner."""
    spreads = [seed_spread(winner, metric) for metric in metrics]
    means = [number(one.mean if one else None) for one in spreads]
    deviations = [number(one.deviation if one else None) for one in spreads]
    return [
        (f"  mean of {len(winner.seeds)}", "", *means, "", ""),
        ("  spread ±", "", *deviations, "", ""),
    ]
