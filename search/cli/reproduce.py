"""The command that searches again what a study searched."""

import shlex

import msgspec

from search.config import CELL_SHORT_NAMES
from search.space.lines import Line, Space
from search.study.settings import StudySettings

SERIES_FILE, SPACE_FILE, FIRST_FILE = "series.csv", "space.json", "first.json"


def run_command(settings: StudySettings, *, time_column: str | None) -> str:
    """Return a command line for a POSIX shell.

    It reads the confirmed series from ``series.csv``, the search space from
    ``space.json`` and, where there are some, the configurations tried first from
    ``first.json``.

    Parameters
    ----------
    settings
        The study.
    time_column
        Name of the time column in ``series.csv``; None where rows are counted.
    """
    roles, task, training = settings.roles, settings.task, settings.training
    words = ["python", "-m", "search", "run", SERIES_FILE]
    words += ["--target", ",".join(roles.targets), "--time", time_column or "none"]
    if roles.past_features:
        words += ["--features", ",".join(roles.past_features)]
    if roles.known_features:
        words += ["--known", ",".join(roles.known_features)]
    short: dict[object, str] = {cell: name for name, cell in CELL_SHORT_NAMES.items()}
    words += [
        "--cells",
        ",".join(short[cell] for cell in settings.space["cell"].choices),
    ]
    words += ["--calendar", ",".join(roles.calendar) or "none"]
    if settings.source.frequency is not None:
        words += ["--frequency", settings.source.frequency]
    numbers: dict[str, object] = {
        "season": task.season,
        "horizon": task.horizon,
        "holdout": task.holdout,
        "folds": task.folds,
        "score": task.score,
        "trials": settings.budget.trials,
        "timeout": settings.budget.seconds,
        "workers": settings.workers,
        "seed": training.seed,
        "epochs": training.epochs,
        "patience": training.patience,
        "pruner": training.pruner,
        "refits": training.refit_seeds,
        "deliver": training.deliver,
        "balance": training.balance,
    }
    for name, value in numbers.items():
        if value is not None:
            words += [f"--{name}", str(value)]
    if settings.budget.stop_early:
        words.append("--stop-early")
    if training.tensorboard:
        words.append("--tensorboard")
    words += ["--space", SPACE_FILE]
    if settings.enqueue:
        words += ["--enqueue", FIRST_FILE]
    return shlex.join(words)


def space_document(space: Space) -> str:
    """Return the lines of the space as `--space` reads them."""
    entries = {line.name: _entry(line) for line in space.lines if line.name != "cell"}
    return msgspec.json.format(msgspec.json.encode(entries), indent=2).decode()


def _entry(line: Line) -> object:
    if line.is_fixed:
        return line.values[0]
    if line.choices:
        return {"choices": list(line.choices)}
    entry: dict[str, object] = {"low": line.values[0], "high": line.values[1]}
    if line.step != 1:
        entry["step"] = line.step
    if line.log:
        entry["log"] = True
    return entry
