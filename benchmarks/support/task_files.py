"""The public files of the tasks beside forecasting, as the search gets them."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.support.places import CACHE, DATA
from search.data.group_samples import make_group_sample

SENSORS = (*(f"XMEAS({n})" for n in range(1, 42)), *(f"XMV({n})" for n in range(1, 12)))
FAULTS = (0, 1, 2, 4, 5)
FAULT_START = 160
"""First row of the fault in the test files."""
N_STRETCHES = 5
"""Stretches of each file to learn from; folds keep a stretch whole."""

_PLANT = "process/tennessee_eastman"


def read_plant(name: str) -> pd.DataFrame:
    """Return a file of the Tennessee Eastman process, one row a step of 3 minutes."""
    values = np.loadtxt(DATA / _PLANT / f"{name}.dat")
    if values.shape[0] == len(SENSORS):  # d00 has a row a variable
        values = values.T
    return pd.DataFrame(values, columns=list(SENSORS))


def plant_stretches() -> pd.DataFrame:
    """Return the files to learn from, each in five stretches of equal length.

    Windows lie within a stretch, so none crosses the end of a file.
    """
    parts = []
    for fault in FAULTS:
        rows = read_plant(f"d{fault:02d}")
        length = len(rows) // N_STRETCHES
        for number in range(N_STRETCHES):
            part = rows.iloc[number * length : (number + 1) * length]
            parts.append(_named(part, f"d{fault:02d} part {number + 1}", fault))
    return pd.concat(parts, ignore_index=True)


def plant_tests() -> pd.DataFrame:
    """Return the test files from the beginning of the fault on, one run each.

    Of the run without a fault as many rows are left out, so that each class has 800.
    """
    parts = [
        _named(
            read_plant(f"d{fault:02d}_te").iloc[FAULT_START:], f"test {fault}", fault
        )
        for fault in FAULTS
    ]
    return pd.concat(parts, ignore_index=True)


def valves() -> pd.DataFrame:
    """Return the four experiments of SKAB `valve1`, one after the other."""
    parts = [
        pd.read_csv(DATA / f"anomaly/skab/valve1-{number}.csv", sep=";")
        .drop(columns="changepoint")
        .astype({"anomaly": int})
        .assign(experiment=f"valve1-{number}")
        for number in range(4)
    ]
    return pd.concat(parts, ignore_index=True)


def public(path: str) -> str:
    """Return the path of a public file that is used as it is."""
    return str(DATA / path)


def written(name: str, table: pd.DataFrame) -> str:
    """Write a table that the search gets and return its path."""
    path = _place(name)
    table.to_csv(path, index=False)
    return str(path)


def sample(name: str) -> str:
    """Write a built-in sample and return its path."""
    path = _place(name)
    path.write_bytes(make_group_sample(name))
    return str(path)


def _named(rows: pd.DataFrame, run: str, fault: int) -> pd.DataFrame:
    return rows.assign(
        run=run,
        step=np.arange(len(rows)),
        state=f"fault {fault}" if fault else "normal",
    )


def _place(name: str) -> Path:
    path = CACHE / "accuracy" / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
