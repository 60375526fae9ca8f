"""The proof that this folder reproduces what was reported."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from one_series import ForecastError
from task_answers import Answers, answers_at
from task_files import read_table
from task_rows import Rows, make_rows
from task_setup import FOLDER, INPUTS_FILE, PREDICTIONS_FILE, TaskSetup

LARGEST_DIFFERENCE = 1e-4  # of the spread of the target, or of a probability
LARGEST_OF_SCORE = 1e-3  # of the threshold of anomalies


def repeat_holdout(setup: TaskSetup) -> pd.DataFrame:
    """Return the holdout predictions again, rows counted as in the stored ones."""
    rows = make_rows(read_table(FOLDER / INPUTS_FILE, setup), setup, all_rows=True)
    stored = _stored(setup)
    shift = _shift(rows, setup)
    if setup.kind == "anomaly":
        return _scored(rows, shift, setup)
    key = "origin" if "origin" in stored else "row"
    pairs = stored[["group", key]].drop_duplicates()
    groups = {name: place for place, name in enumerate(rows.names)}
    strangers = set(pairs["group"]) - set(groups)
    if strangers:
        raise ForecastError(f"{INPUTS_FILE} has no rows of {sorted(strangers)[0]!r}.")
    of_group = pairs["group"].map(groups).to_numpy(dtype=np.int64)
    places = pairs[key].to_numpy(dtype=np.int64) - shift[of_group]
    stops = places if key == "origin" else places + 1
    return _placed(answers_at(rows, np.sort(stops), setup), rows, shift, key)


def check(setup: TaskSetup, out: Path | None) -> int:
    """Compare both, print the difference, and return 0 or 1."""
    stored, again = _stored(setup), repeat_holdout(setup)
    if out is not None:
        again.to_csv(out, index=False, lineterminator="\n")
    keys = [
        name for name in ("group", "target", "origin", "step", "row") if name in stored
    ]
    both = stored.merge(again, on=keys, suffixes=("", "_now"), validate="1:1")
    largest, relative, limit = _differences(both, setup)
    passed = relative < limit and len(both) == len(stored) == len(again)
    sys.stdout.write(
        f"{len(both)} of {len(stored)} predictions repeated; the largest difference is "
        f"{largest:.3g}: {'the same' if passed else 'NOT the same'}.\n"
    )
    return 0 if passed else 1


def _stored(setup: TaskSetup) -> pd.DataFrame:
    names = {"group": str, "target": str, "actual": str}
    numbers = {"actual": float} if not setup.classes else {}
    stored = pd.read_csv(
        FOLDER / PREDICTIONS_FILE, dtype=names | numbers, keep_default_na=False
    )
    if "group" not in stored:
        stored.insert(0, "group", "")
    return stored


def _shift(rows: Rows, setup: TaskSetup) -> np.ndarray:
    """Return what a row of each group is further on in the original data."""
    first = np.array([setup.first_rows[name] for name in rows.names], dtype=np.int64)
    return first - rows.first_rows


def _scored(rows: Rows, shift: np.ndarray, setup: TaskSetup) -> pd.DataFrame:
    """Score all rows, and return those that are stored."""
    after = 0 if setup.is_autoencoder else 1
    every = np.arange(1, len(rows.values) + 1)
    ends = (rows.first_rows + rows.sizes)[rows.groups]
    is_usable = (every - rows.starts >= setup.rows_before) & (every + after <= ends)
    again = _placed(answers_at(rows, every[is_usable], setup), rows, shift, "row")
    keys = _stored(setup)[["group", "row"]]
    return again.merge(keys, on=["group", "row"])


def _placed(answers: Answers, rows: Rows, shift: np.ndarray, key: str) -> pd.DataFrame:
    """Count rows as in the original data."""
    group = rows.groups[np.minimum(answers.places, len(rows.values) - 1)]
    if key == "origin":
        group = rows.groups[answers.places - 1]
    table = answers.table.assign(**{key: answers.places + shift[group]})
    return table.assign(group=np.array(rows.names, dtype=object)[group])


def _differences(both: pd.DataFrame, setup: TaskSetup) -> tuple[float, float, float]:
    """Return the largest difference, the same relative, and what that may be."""
    if setup.kind == "anomaly":
        largest = _largest(both, "score")
        threshold = float(both["threshold"].abs().max()) if len(both) else 1.0
        return largest, largest / max(threshold, 1e-12), LARGEST_OF_SCORE
    if setup.classes:
        largest = max(_largest(both, f"p_{name}") for name in setup.classes)
        return largest, largest, LARGEST_DIFFERENCE
    relative = 0.0
    target = both["target"] if "target" in both else np.zeros(len(both))
    for _, one in both.groupby(target):
        spread = float(one["actual"].std(ddof=0)) or max(1.0, one["actual"].abs().max())
        relative = max(relative, _largest(one, "predicted") / spread)
    return _largest(both, "predicted"), relative, LARGEST_DIFFERENCE


def _largest(both: pd.DataFrame, name: str) -> float:
    difference = (both[name] - both[f"{name}_now"]).abs().fillna(np.inf)
    return float(difference.max()) if len(both) else float("inf")
