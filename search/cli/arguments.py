"""What the command line understands."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from search.cli.limits import add_budget
from search.cli.run_arguments import add_json, add_run, needs_target
from search.config import CELL_SHORT_NAMES, CELLS, Cell
from search.errors import ConfigError

DESCRIPTION = "Find the best recurrent network for a time series."
_STUDY_HELP = "id, its beginning, or name"


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

    add_run(add("run", "search on a file, here in the terminal"))
    _add_study_commands(add)
    _add_predict(add("predict", "use a downloaded bundle on new rows"))
    _add_sample(add("sample", "write a built-in table to a file, or list them"))
    _add_internal(add)
    options = parser.parse_args(arguments)
    if options.command == "run" and needs_target(options):
        parser.error("the following arguments are required: --target")
    return options


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


def _add_study_commands(
    add: Callable[[str, str | None], argparse.ArgumentParser],
) -> None:
    work = add("work", "one worker joins a study, here or on another machine")
    _add_study(work)
    work.add_argument("--supervised", type=int, metavar="PID", help=argparse.SUPPRESS)
    add("list", "all studies")
    for name, text in (
        ("show", "where a study stands"),
        ("stop", "end the search and compare what was found"),
        ("pause", "end after the running trials; resume goes on"),
        ("resume", "go on with a study, here in the terminal"),
    ):
        command = add(name, text)
        _add_study(command)
        if name == "resume":
            add_budget(command, is_change=True)
            add_json(command)
    _add_steering(add)
    export = add("export", "save the download of a winner")
    _add_study(export)
    export.add_argument("cell", help="rnn, lstm or gru")
    export.add_argument("--out", type=Path, required=True, metavar="ZIP")
    doctor = add("doctor", "check storage and files, mend what is safe")
    doctor.add_argument("study", nargs="?", help=_STUDY_HELP)
    add("upgrade", "bring the storage of an older version up to date, with a copy")


def _add_steering(add: Callable[[str, str | None], argparse.ArgumentParser]) -> None:
    """Add what changes a study that runs or rests; it holds for the next trials."""
    narrow = add("narrow", "search only a part of the space from now on")
    _add_study(narrow)
    narrow.add_argument(
        "lines",
        nargs="+",
        metavar="NAME=VALUES",
        help="units=16..64, framing=none,last_value, or dropout=0.1 to freeze it",
    )
    widen = add("widen", "search the whole space again")
    _add_study(widen)
    widen.add_argument("names", nargs="*", metavar="NAME", help="these lines only")
    enqueue = add("enqueue", "queue a configuration to be tried next")
    _add_study(enqueue)
    enqueue.add_argument(
        "values", nargs="*", metavar="NAME=VALUE", help="the sampler chooses the rest"
    )
    enqueue.add_argument(
        "--like", type=int, metavar="TRIAL", help="start from this trial"
    )
    unqueue = add("unqueue", "take a waiting configuration out of the queue")
    _add_study(unqueue)
    unqueue.add_argument("trial", type=int, help="its number")
    budget = add("budget", "change the budget of a study; what is not given stays")
    _add_study(budget)
    add_budget(budget, is_change=True)


def _add_study(command: argparse.ArgumentParser) -> None:
    command.add_argument("study", help=_STUDY_HELP)


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
