"""The public series of the benchmarks: files, cut-outs, and how each is searched.

The files are not part of the repository. They are looked for in `../shared/data`, or in
the folder that the environment variable `BENCHMARK_DATA` names; a series whose file is
absent is left out, and said so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.support.places import CACHE, DATA
from benchmarks.support.problems import say

_WINDING = (*(f"input {n}" for n in range(1, 6)), "tension 1", "tension 2")


@dataclass(frozen=True)
class PublicSeries:
    """A public series as the benchmarks use it.

    Attributes
    ----------
    name
        Short name, also of the cut-out file.
    path
        Where the file lies below the folder of the data.
    n_rows
        Number of last rows that are used; None for all of them. Cut-outs keep the
        script that is compared with the search down to minutes.
    options
        Options of `python -m search run` after the file.
    columns
        Names of the columns of a file without a header.
    """

    name: str
    path: str
    n_rows: int | None
    options: tuple[str, ...]
    columns: tuple[str, ...] = ()

    def run_options(self, most_rows: int | None = None) -> list[str]:
        """Write the cut-out and return the options of `python -m search run`.

        Parameters
        ----------
        most_rows
            Keep at most so many of the last rows.
        """
        return [str(self._write_rows(most_rows)), *self.options]

    def _write_rows(self, most_rows: int | None) -> Path:
        if self.columns:
            table = pd.read_csv(
                DATA / self.path, sep=r"\s+", header=None, names=list(self.columns)
            )
        else:
            table = pd.read_csv(DATA / self.path)
        path = CACHE / "series" / f"{self.name}-{most_rows or 'all'}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        limits = [limit for limit in (self.n_rows, most_rows) if limit is not None]
        table.tail(min(limits, default=len(table))).to_csv(path, index=False)
        return path


PUBLIC_SERIES = (
    PublicSeries(
        "airline",
        "univariate/airline-passengers.csv",
        None,
        ("--target", "Passengers", "--horizon", "12"),
    ),
    PublicSeries(
        "births",
        "univariate/daily-total-female-births.csv",
        None,
        ("--target", "Births", "--horizon", "1"),
    ),
    PublicSeries(
        "gas-furnace",
        "process/gas-furnace.csv",
        None,
        ("--target", "CO2", "--features", "InputGasRate", "--time", "none"),
    ),
    PublicSeries(
        "power",
        "multivariate/household_power_consumption_days.csv",
        730,
        (
            "--target",
            "Global_active_power",
            "--features",
            "Sub_metering_1,Sub_metering_2,Sub_metering_3",
            "--horizon",
            "7",
        ),
    ),
    PublicSeries(
        "temperatures",
        "univariate/daily-min-temperatures.csv",
        1000,
        ("--target", "Temp", "--missing", "interpolate"),
    ),
    PublicSeries(
        "sunspots", "univariate/monthly-sunspots.csv", 1000, ("--target", "Sunspots")
    ),
    PublicSeries(
        "taxi", "univariate/nyc_taxi.csv", 672, ("--target", "value", "--horizon", "1")
    ),
    PublicSeries(
        "winding",
        "process/winding.dat",
        600,
        (
            "--target",
            "tension 1",
            "--features",
            ",".join(_WINDING[:5]),
            "--time",
            "none",
        ),
        _WINDING,
    ),
)


def public_series(names: Sequence[str] = ()) -> list[PublicSeries]:
    """Return the series of these names, all if none is given, that have a file."""
    unknown = set(names) - {one.name for one in PUBLIC_SERIES}
    if unknown:
        raise ValueError(
            f"There is no series {', '.join(sorted(unknown))}; choose from "
            f"{', '.join(one.name for one in PUBLIC_SERIES)}."
        )
    wanted = [one for one in PUBLIC_SERIES if not names or one.name in names]
    for one in wanted:
        if not (DATA / one.path).exists():
            say(f"{one.name} is left out: there is no file {DATA / one.path}")
    return [one for one in wanted if (DATA / one.path).exists()]
