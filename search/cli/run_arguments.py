"""The options of `run`: the file, the task, the data, the search."""

import argparse
from pathlib import Path
from typing import get_args

from search.cli.limits import add_budget
from search.config import (
    MAX_REFITS,
    Balance,
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

# Rules for groups that a single series has no use for.
_GROUP_RULES = (
    *("no_group", "float_groups", "gaps", "unlabelled", "label_change"),
    *("rare_classes", "short", "twins"),
)


def add_run(command: argparse.ArgumentParser) -> None:
    """Add the options of a search on a file."""
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
    add_json(command)


def add_json(command: argparse.ArgumentParser) -> None:
    """Add where the results are written."""
    command.add_argument(
        "--json", type=Path, metavar="OUT.json", help="write the results here"
    )


def needs_target(options: argparse.Namespace) -> bool:
    """Whether a single series is forecast, of which no column is known to be meant."""
    is_single = options.task == "forecasting" and options.group is None
    return is_single and options.target is None


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
    add_budget(group)
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
