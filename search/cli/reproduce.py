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
    is_single = task.kind == "forecasting" and roles.group is None
    if not is_single:
        words += _task_words(settings)
    elif settings.source.frequency is not None:
        words += ["--frequency", settings.source.frequency]
    numbers: dict[str, object] = {
        "season": task.season,
        "horizon": task.horizon,
        # A test set is a column of the file.
        "holdout": None if task.test_groups else task.holdout,
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


def _task_words(settings: StudySettings) -> list[str]:
    """Return the options of a task of sequences, labelled rows, or many series.

    What was decided about the groups of the first file is decided here too.
    """
    task, roles = settings.task, settings.roles
    words = ["--task", task.kind, "--group", roles.group or "none"]
    if roles.group is not None:
        order = "appearance" if task.group_order == "time" else "none"
        words += ["--group-order", order]
        for rule in ("float-groups", "rare-classes", "twins"):
            words += [f"--{rule}", "keep"]
    if task.has_classes:
        words += ["--class-weights", task.class_weights]
    if task.kind in ("regression", "classification"):
        words += ["--samples", task.samples]
        if task.samples == "sliding":
            words += ["--stride", str(task.stride)]
    if task.kind == "anomaly":
        words += ["--detector", task.detector]
        if roles.label is not None:
            words += ["--label", roles.label, "--normal", "0"]
        if task.normal_rows is not None:
            words += ["--normal-rows", str(task.normal_rows)]
    return words


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
