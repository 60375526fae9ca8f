"""What the command line understands."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, get_args

from search.config import (
    CELL_SHORT_NAMES,
    CELLS,
    MAX_REFITS,
    Balance,
    Cell,
    ClassWeights,
    Deliver,
    Detector,
    PrunerName,
    SampleChoice,
    Score,
    TaskKind,
    Training,
)
from search.data.groups.settings import GROUP_CHOICES
from search.data.groups.settings import GroupOrder as FoundOrder
from search.data.settings import CHOICES
from search.errors import ConfigError

NO_LIMIT = "none"
DESCRIPTION = "Find the best recurrent network for a time series."
# Rules for groups that a single series has no use for.
_GROUP_RULES = (
    *("no_group", "float_groups", "gaps", "unlabelled", "label_change"),
    *("rare_classes", "short", "twins"),
)


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Leave with exit code 2."""
        self.exit(2, f"{self.prog}: {message}. Use --help to see the options.\n")


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options; `command` is the name of the command.

    Raises
    ------
    SystemExit
        With code 2 where they cannot be understood, with 0 after ``--help``.
    """
    parser = Parser(prog="python -m search", description=DESCRIPTION)
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", parser_class=Parser
    )

    def add(name: str, help_text: str | None) -> argparse.ArgumentParser:
        # Without a help text a command is not listed.
        listed: dict[str, Any] = {} if help_text is None else {"help": help_text}
        command = commands.add_parser(name, description=help_text, **listed)
        command.add_argument(
            "--storage", metavar="URL", help="where trials are kept (STUDIES_STORAGE)"
        )
        return command

    _add_run(add("run", "search on a file, here in the terminal"))
    _add_study_commands(add)
    _add_predict(add("predict", "use a downloaded bundle on new rows"))
    _add_sample(add("sample", "write a built-in table to a file, or list them"))
    _add_internal(add)
    options = parser.parse_args(arguments)
    if options.command == "run" and needs_target(options):
        parser.error("the following arguments are required: --target")
    return options


def needs_target(options: argparse.Namespace) -> bool:
    """Whether a single series is forecast, of which no column is known to be meant."""
    is_single = options.task == "forecasting" and options.group is None
    return is_single and options.target is None


def cell_name(text: str) -> Cell:
    """Return the cell for ``rnn``, ``lstm``, ``gru`` or its full name.

    Raises
    ------
    ConfigError
        If there is no such cell.
    """
    known = {**CELL_SHORT_NAMES, **{cell.lower(): cell for cell in CELLS}}
    try:
        return known[text.strip().lower()]
    except KeyError:
        raise ConfigError(
            f"{text!r} is not a cell; choose from {', '.join(CELL_SHORT_NAMES)}."
        ) from None


def _add_run(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "file", type=Path, help="CSV, TSV, Excel, Parquet, .ts, or a zip of sequences"
    )
    command.add_argument(
        "--target",
        help="columns to predict: A or A,B (found where sequences have a label)",
    )
    command.add_argument("--name", help="label of the study (default: the file's name)")
    _add_task(command.add_argument_group("task"))
    _add_data(command.add_argument_group("data"))
    _add_search(command.add_argument_group("search"))
    _add_json(command)


def _add_task(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--task",
        choices=get_args(TaskKind),
        default="forecasting",
        help="what is asked for (default: forecasting)",
    )
    group.add_argument(
        "--group",
        metavar="COL",
        help="column that tells series or sequences apart, or none (found; for a "
        "forecast: none)",
    )
    group.add_argument(
        "--label", metavar="COL", help="column of known anomalies; never an input"
    )
    group.add_argument(
        "--normal", metavar="VALUE", help="value of --label that means normal (found)"
    )
    group.add_argument(
        "--normal-rows",
        type=int,
        metavar="N",
        help="first rows of each group known to be normal",
    )
    group.add_argument("--detector", choices=get_args(Detector), default="forecaster")
    group.add_argument(
        "--shape",
        choices=("long", "wide", "ts", "zip"),
        help="one row a time step, one row a sequence, … (found)",
    )
    group.add_argument(
        "--group-order",
        choices=get_args(FoundOrder),
        help="whether later groups are later in time (found)",
    )
    group.add_argument(
        "--test",
        type=Path,
        metavar="FILE2",
        help="groups that are held out instead of some of the first file",
    )
    group.add_argument(
        "--samples",
        choices=get_args(SampleChoice),
        help="one sample a group, or windows inside the groups (found)",
    )
    group.add_argument(
        "--stride", type=int, metavar="ROWS", help="between sliding windows (found)"
    )
    group.add_argument(
        "--class-weights",
        choices=get_args(ClassWeights),
        default="none",
        help="balanced: each class weighs the same in the loss",
    )
    for name in _GROUP_RULES:
        group.add_argument(
            f"--{name.replace('_', '-')}",
            choices=("refuse", *GROUP_CHOICES[name]),
            default="refuse",
            help="what to do with such groups or rows (default: refuse)",
        )


def _add_data(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--time", metavar="COL", help="time column, its parts A,B,C, or none (found)"
    )
    group.add_argument("--features", metavar="A,B", help="further inputs, or all")
    group.add_argument(
        "--known", metavar="A,B", help="inputs whose future values are known"
    )
    group.add_argument(
        "--calendar", help="auto, none, or some of hour,weekday,month", default="auto"
    )
    group.add_argument("--season", type=int, metavar="ROWS", help="(found)")
    group.add_argument("--frequency", help="step between rows, such as h or D (found)")
    group.add_argument("--time-format", help="such as %%d.%%m.%%Y %%H:%%M (found)")
    for name in ("missing", "duplicates", "irregular", "unreadable", "bad_time"):
        group.add_argument(
            f"--{name.replace('_', '-')}",
            choices=("refuse", *CHOICES[name]),
            default="refuse",
            help="what to do with such rows (default: refuse)",
        )
    order = group.add_mutually_exclusive_group()
    order.add_argument("--day-first", action="store_true", default=None)
    order.add_argument("--month-first", action="store_false", dest="day_first")
    group.add_argument("--delimiter", help="between columns (found)")
    group.add_argument("--decimal", choices=(".", ","), help="decimal mark (found)")
    group.add_argument("--encoding", help="of the text (found)")
    group.add_argument("--sheet", help="of an Excel file (the first)")


def _add_search(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--horizon", type=int, default=1, metavar="H")
    group.add_argument(
        "--holdout",
        type=int,
        metavar="N",
        help="rows, or groups, that are held out (a tenth of the rows, or what the "
        "verdict needs; a fifth of the groups)",
    )
    group.add_argument("--folds", type=int, metavar="K")
    group.add_argument(
        "--score",
        choices=get_args(Score),
        help="(rmse; of classes log_loss, of labelled rows f1_error)",
    )
    group.add_argument("--cells", default="rnn,lstm,gru")
    _add_budget(group)
    usual = Training()
    group.add_argument("--workers", type=int, default=2, metavar="W")
    group.add_argument("--seed", type=int, default=0, metavar="S")
    group.add_argument("--epochs", type=int, default=usual.epochs, metavar="E")
    group.add_argument(
        "--patience",
        type=int,
        default=usual.patience,
        metavar="P",
        help="0: no early stopping",
    )
    group.add_argument("--pruner", choices=get_args(PrunerName), default=usual.pruner)
    group.add_argument(
        "--refits",
        type=int,
        default=usual.refit_seeds,
        metavar="N",
        help=f"trainings of each winner from other starts, at most {MAX_REFITS}",
    )
    group.add_argument(
        "--deliver",
        choices=get_args(Deliver),
        help="the network of the first refit, or the average of all (the default where "
        "there are several)",
    )
    group.add_argument(
        "--tensorboard",
        action="store_true",
        help="write a TensorBoard log of each refit beside the winner",
    )
    group.add_argument(
        "--balance",
        choices=get_args(Balance),
        default=usual.balance,
        help="equal trials for each cell, or as the sampler likes",
    )
    group.add_argument(
        "--space", type=Path, metavar="FILE.json", help="lines of the search space"
    )
    group.add_argument(
        "--explain-space",
        action="store_true",
        help="say what would be searched and why, and end",
    )
    group.add_argument(
        "--enqueue", type=Path, metavar="FILE.json", help="configurations tried first"
    )


def _add_budget(group: argparse._ActionsContainer, *, is_change: bool = False) -> None:
    """Add the limits; what changes those of a study may lift one as well."""
    lift = f", or {NO_LIMIT} to lift this limit" if is_change else ""
    group.add_argument(
        "--trials",
        type=_trials_or_no_limit if is_change else int,
        metavar="N",
        help=f"trials in all{lift}",
    )
    group.add_argument(
        "--timeout",
        type=_seconds_or_no_limit if is_change else float,
        metavar="SECONDS",
        help=f"seconds of searching in all{lift}",
    )
    group.add_argument(
        "--stop-early",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="end before that when further trials are not worth it (default: no)",
    )


def _trials_or_no_limit(text: str) -> int | str:
    try:
        return NO_LIMIT if text == NO_LIMIT else int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be a whole number or {NO_LIMIT}, got {text!r}"
        ) from None


def _seconds_or_no_limit(text: str) -> float | str:
    try:
        return NO_LIMIT if text == NO_LIMIT else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be a number or {NO_LIMIT}, got {text!r}"
        ) from None


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--json", type=Path, metavar="OUT.json", help="write the results here"
    )


def _add_study_commands(
    add: Callable[[str, str | None], argparse.ArgumentParser],
) -> None:
    work = add("work", "one worker joins a study, here or on another machine")
    work.add_argument("study", help="id, its beginning, or name")
    work.add_argument("--supervised", type=int, metavar="PID", help=argparse.SUPPRESS)
    add("list", "all studies")
    for name, text in (
        ("show", "where a study stands"),
        ("stop", "end the search and compare what was found"),
        ("pause", "end after the running trials; resume goes on"),
        ("resume", "go on with a study, here in the terminal"),
    ):
        command = add(name, text)
        command.add_argument("study", help="id, its beginning, or name")
        if name == "resume":
            _add_budget(command, is_change=True)
            _add_json(command)
    _add_steering(add)
    export = add("export", "save the download of a winner")
    export.add_argument("study", help="id, its beginning, or name")
    export.add_argument("cell", help="rnn, lstm or gru")
    export.add_argument("--out", type=Path, required=True, metavar="ZIP")
    doctor = add("doctor", "check storage and files, mend what is safe")
    doctor.add_argument("study", nargs="?", help="id, its beginning, or name")
    add("upgrade", "bring the storage of an older version up to date, with a copy")


def _add_steering(add: Callable[[str, str | None], argparse.ArgumentParser]) -> None:
    """Add what changes a study that runs or rests; it holds for the next trials."""
    narrow = add("narrow", "search only a part of the space from now on")
    narrow.add_argument("study", help="id, its beginning, or name")
    narrow.add_argument(
        "lines",
        nargs="+",
        metavar="NAME=VALUES",
        help="units=16..64, framing=none,last_value, or dropout=0.1 to freeze it",
    )
    widen = add("widen", "search the whole space again")
    widen.add_argument("study", help="id, its beginning, or name")
    widen.add_argument("names", nargs="*", metavar="NAME", help="these lines only")
    enqueue = add("enqueue", "queue a configuration to be tried next")
    enqueue.add_argument("study", help="id, its beginning, or name")
    enqueue.add_argument(
        "values", nargs="*", metavar="NAME=VALUE", help="the sampler chooses the rest"
    )
    enqueue.add_argument(
        "--like", type=int, metavar="TRIAL", help="start from this trial"
    )
    unqueue = add("unqueue", "take a waiting configuration out of the queue")
    unqueue.add_argument("study", help="id, its beginning, or name")
    unqueue.add_argument("trial", type=int, help="its number")
    budget = add("budget", "change the budget of a study; what is not given stays")
    budget.add_argument("study", help="id, its beginning, or name")
    _add_budget(budget, is_change=True)


def _add_predict(command: argparse.ArgumentParser) -> None:
    command.add_argument("bundle", type=Path, metavar="BUNDLE.zip")
    command.add_argument(
        "file",
        type=Path,
        help="new rows; of many sequences also a folder or zip with one CSV for each",
    )
    command.add_argument("--out", type=Path, metavar="OUT.csv")


def _add_sample(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", nargs="?", help="such as daily_sales; without, a list")
    command.add_argument(
        "--out", type=Path, metavar="FILE.csv", help="(NAME.csv, here)"
    )


def _add_internal(add: Callable[[str, str | None], argparse.ArgumentParser]) -> None:
    """Add what the processes of a study call; help does not list it."""
    supervise = add("supervise", None)
    supervise.add_argument("study")
    baselines = add("baselines", None)
    baselines.add_argument("study")
    baselines.add_argument("--supervised", type=int, metavar="PID")
    refit = add("refit", None)
    refit.add_argument("study")
    refit.add_argument("cell")
    refit.add_argument("--supervised", type=int, metavar="PID")
    refit.add_argument("--kept", action="store_true")
