"""Prove the bundle of any task but the forecast of one series."""

from pathlib import Path

import msgspec
import numpy as np
import pandas as pd

from search.bundle.process import refuse_failure, run_predict
from search.bundle.proof import (
    LARGEST_RELATIVE,
    NOT_FINITE,
    proof,
    refuse_other_rows,
)
from search.bundle.tasks.preprocessing import TaskPreprocessing
from search.study.results import BundleCheck

LARGEST_OF_SCORE = 1e-3  # of the threshold of anomalies
_KEYS = ("group", "target", "origin", "step", "row")


def compare_task(folder: Path) -> BundleCheck:
    """Run an unpacked bundle and compare with its predictions.

    Its ``predict.py`` repeats the holdout; what it writes is compared here, whatever
    it says itself.

    Raises
    ------
    SearchError
        If it does not run, or makes other predictions than those stored.
    """
    content = (folder / "preprocessing.json").read_bytes()
    settings = msgspec.json.decode(content, type=TaskPreprocessing)
    run = run_predict(folder, "--check", "--out", "again.csv")
    if not (folder / "again.csv").exists():
        refuse_failure(run)
    stored = _keyed(folder / "holdout_predictions.csv")
    found = _keyed(folder / "again.csv")
    refuse_other_rows(stored, found)
    return _verdict(stored, found, settings)


def _keyed(path: Path) -> pd.DataFrame:
    """Order predictions by what tells them apart."""
    table = pd.read_csv(
        path, dtype={"group": str, "target": str}, keep_default_na=False
    )
    if "target" not in table:
        table = table.assign(target="")
    return table.set_index([name for name in _KEYS if name in table]).sort_index()


def _verdict(
    stored: pd.DataFrame, found: pd.DataFrame, settings: TaskPreprocessing
) -> BundleCheck:
    names = _compared(settings)
    differences = {
        name: (_numbers(stored, name) - _numbers(found, name)).abs() for name in names
    }
    if not all(np.isfinite(one).all() for one in differences.values()):
        return NOT_FINITE
    largest = max(float(one.max()) for one in differences.values())
    limit = LARGEST_OF_SCORE if settings.kind == "anomaly" else LARGEST_RELATIVE
    relative = _relative(stored, differences, settings)
    return proof(
        len(stored),
        largest=largest,
        relative=relative,
        passed=relative < limit,
        units=_units(settings),
    )


def _compared(settings: TaskPreprocessing) -> list[str]:
    if settings.kind == "anomaly":
        return ["score"]
    if settings.classes:
        return [f"p_{name}" for name in settings.classes]
    return ["predicted"]


def _relative(
    stored: pd.DataFrame, differences: dict[str, pd.Series], settings: TaskPreprocessing
) -> float:
    """Return the largest difference over what is usual."""
    largest = max(float(one.max()) for one in differences.values())
    if settings.kind == "anomaly":
        return largest / max(float(_numbers(stored, "threshold").max()), 1e-12)
    if settings.classes:
        return largest
    actual = _numbers(stored, "actual")
    spread = actual.groupby("target").std(ddof=0)
    size = actual.abs().groupby("target").max().clip(lower=1.0)
    usual = spread.where(spread > 0, size)
    return float((differences["predicted"].groupby("target").max() / usual).max())


def _units(settings: TaskPreprocessing) -> str:
    if settings.kind == "anomaly":
        return " in the score"
    return " in a probability" if settings.classes else ""


def _numbers(table: pd.DataFrame, name: str) -> pd.Series:
    return pd.to_numeric(table[name], errors="coerce")
