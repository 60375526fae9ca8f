"""The rows of the accuracy table for the tasks beside forecasting.

Each row fixes what its protocol fixes: the files, what is told apart or valued, which
rows are normal, where one window ends. Everything else is left to the defaults. Scores
are computed here from the predictions of the delivered model, and more is better.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.support.task_files import (
    plant_stretches,
    plant_tests,
    public,
    sample,
    valves,
    written,
)


@dataclass(frozen=True)
class TaskRow:
    """One task.

    Attributes
    ----------
    name, protocol, metric
        For the table.
    key
        Name of the metric in the results of a study.
    arguments
        Writes the files where needed and returns what follows
        `python -m search run`.
    score
        From the predictions of the delivered model on what was held out, the score;
        more is better.
    wanted
        The score to reach.
    others
        What others reached, in words.
    """

    name: str
    protocol: str
    metric: str
    key: str
    arguments: Callable[[], tuple[str, ...]]
    score: Callable[[pd.DataFrame], float]
    wanted: float
    others: str


def accuracy(found: pd.DataFrame) -> float:
    """Return the share of samples whose class is right."""
    return float((found["actual"].astype(str) == found["predicted"].astype(str)).mean())


def r_squared(found: pd.DataFrame) -> float:
    """Return the share of the variance that is explained."""
    actual = found["actual"].to_numpy(float)
    error = found["predicted"].to_numpy(float) - actual
    return float(1 - (error**2).mean() / actual.var())


def anomaly_f1(found: pd.DataFrame) -> float:
    """Return F1 of the anomalous rows."""
    is_bad = found["label"].to_numpy(float) != 0
    is_called = found["anomaly"].to_numpy(float) != 0
    right = np.count_nonzero(is_bad & is_called)
    return float(2 * right / max(1, is_bad.sum() + is_called.sum()))


def _official(train: str, test: str) -> tuple[str, ...]:
    options = ("--task", "classification", "--test", public(f"classification/{test}"))
    return (public(f"classification/{train}"), *options)


def _plant() -> tuple[str, ...]:
    return (
        written("plant", plant_stretches()),
        *("--task", "classification", "--target", "state", "--group", "run"),
        *("--time", "step", "--samples", "sliding"),
        *("--test", written("plant-test", plant_tests())),
    )


def _valves() -> tuple[str, ...]:
    table = valves()
    sensors = table.columns.drop(["datetime", "anomaly", "experiment"])
    return (
        written("valves", table),
        *("--task", "anomaly", "--target", ",".join(sensors), "--label", "anomaly"),
        *("--group", "experiment", "--time", "none", "--normal-rows", "400"),
    )


def _reactor() -> tuple[str, ...]:
    return (
        sample("batch_reactor"),
        *("--task", "regression", "--target", "final purity [%]", "--group", "batch"),
    )


TASK_ROWS = (
    TaskRow(
        "italy-power",
        "ItalyPowerDemand, official split, 67 to learn from and 1,029 days",
        "accuracy",
        "accuracy",
        partial(_official, "ItalyPowerDemand_TRAIN.ts", "ItalyPowerDemand_TEST.ts"),
        accuracy,
        0.955,
        "LSTM-FCN 0.962; MLP 0.953; nearest neighbour 0.955",
    ),
    TaskRow(
        "synthetic-control",
        "SyntheticControl, official split, 300 and 300 charts of 60 steps",
        "accuracy",
        "accuracy",
        partial(_official, "SyntheticControl_TRAIN.txt", "SyntheticControl_TEST.txt"),
        accuracy,
        0.98,
        "LSTM-FCN 0.987; MLP 0.973; nearest neighbour 0.880",
    ),
    TaskRow(
        "basic-motions",
        "BasicMotions, official split, 40 and 40 recordings of 6 channels",
        "accuracy",
        "accuracy",
        partial(_official, "BasicMotions_TRAIN.ts", "BasicMotions_TEST.ts"),
        accuracy,
        0.95,
        "nearest neighbour 0.600",
    ),
    TaskRow(
        "tennessee-eastman",
        "Tennessee Eastman, classes 0, 1, 2, 4, 5; windows of the files d00 to d05, "
        "tested on those of d00_te to d05_te from row 160 on",
        "accuracy",
        "accuracy",
        _plant,
        accuracy,
        0.95,
        "attention LSTM 0.955 over all faults (another split); majority 0.200",
    ),
    TaskRow(
        "skab-valve1",
        "SKAB valve1, four experiments; the first 400 rows of each are normal and "
        "settle the threshold, the rest is judged",
        "F1",
        "f1",
        _valves,
        anomaly_f1,
        0.74,
        "all 35 files: Conv-AE 0.78, LSTM-AE 0.74, LSTM 0.54, isolation forest 0.29",
    ),
    TaskRow(
        "batch-reactor",
        "the built-in batch reactor, final purity of a fifth of 120 batches",
        "R²",
        "r2",
        _reactor,
        r_squared,
        0.9,
        "no model can reach more than 0.96, the rest is noise",
    ),
)
