"""A CSV of a million rows and five columns: our whole way against `pandas.read_csv`.

Our side does what the Data page does until its first picture is sent: it reads the
file, finds out encoding, delimiter, marks, header, time column, step, season and what
each column holds, checks every row and cell, words what it found, marks what stands
out and draws a column. The other side is `pandas.read_csv` with its default settings,
which leaves the time stamps as texts and reports nothing. Each side runs in a process
of its own; they take turns, and the quickest run of each counts, because other work
on the machine only adds::

    python -m benchmarks.csv_reading
    python -m benchmarks.csv_reading --quick      # 100,000 rows, not recorded
    python -m benchmarks.csv_reading --profile    # where our time goes
"""

import argparse
import base64
import cProfile
import json
import pstats
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.support.processes import benchmark_command
from benchmarks.support.recording import record, table
from pages.components.draft import DraftFile
from pages.components.intake.columns_form import suggested_settings
from pages.components.intake.series_chart import Marks, series_figure
from search.data.columns import profile_columns
from search.data.report import SeriesReport
from search.data.series import SeriesSettings, inspect_series
from search.data.table import detect_options, read_table

TITLE = "A CSV of a million rows"
N_ROWS, N_QUICK_ROWS = 1_000_000, 100_000
N_SPIKES = 200
TARGET = "temperature [°C]"
DAY_MINUTES = 1_440
BODY = """\
`python -m benchmarks.csv_reading`: {n_rows:,} rows of a time stamp and four numbers, \
`pandas.read_csv` with its defaults against everything that the Data page does before \
its first picture is on its way. Seconds of the quickest of {n_repeats} runs of each, \
in turns. The target is at most 3 times pandas.

{times}

What the browser gets of the first column, and how many of its spikes are in it:

{figures}

Where our time goes (milliseconds of the quickest run of each step):

{steps}"""


@dataclass(frozen=True)
class Variant:
    """A file: its name in the table, how it is spoilt, and how it is written."""

    name: str
    spoil: Callable[[pd.DataFrame], pd.DataFrame]
    columns: str = "all"
    separator: str = ","
    decimal: str = "."
    time_format: str = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True)
class Figure:
    """What is sent for a picture, and which of the spikes are in it."""

    n_bytes: int
    n_points: int
    n_spikes: int
    n_drawn: int


def clean_table(n_rows: int) -> pd.DataFrame:
    """Return a minute's log of a plant: a flow, a pressure, a valve, a temperature."""
    random = np.random.default_rng(0)
    minutes = np.arange(n_rows)
    day = np.sin(2 * np.pi * minutes / DAY_MINUTES)
    level = 20 + 6 * day + random.normal(0, 0.5, n_rows)
    level[spike_rows(n_rows)] += 60.0
    return pd.DataFrame(
        {
            "time": pd.date_range("2020-01-01", periods=n_rows, freq="min"),
            "flow [m3/h]": (50 + 10 * day + random.normal(0, 1, n_rows)).round(3),
            "pressure [bar]": (3 + random.normal(0, 1e-3, n_rows).cumsum()).round(4),
            "valve [%]": random.integers(0, 101, n_rows),
            TARGET: level.round(2),
        }
    )


def spike_rows(n_rows: int) -> np.ndarray:
    """Return the rows of single values far above their neighbours."""
    random = np.random.default_rng(1)
    return np.sort(random.choice(n_rows - 4, N_SPIKES, replace=False) + 2)


def as_it_is(frame: pd.DataFrame) -> pd.DataFrame:
    """Change nothing."""
    return frame


def spoilt(frame: pd.DataFrame) -> pd.DataFrame:
    """Add gaps, repeated time stamps, empty cells and texts among the numbers."""
    random = np.random.default_rng(2)
    n_rows = len(frame)
    kept = np.ones(n_rows, dtype=bool)
    for start in random.choice(n_rows - 100, 300, replace=False):
        kept[start : start + int(random.integers(1, 60))] = False
    kept[[0, *spike_rows(n_rows)]] = True
    repeats = np.where(kept, 1, 0)
    repeats[random.choice(n_rows, 500, replace=False)] *= 2
    frame = frame.loc[frame.index.repeat(repeats)].reset_index(drop=True)
    frame["flow [m3/h]"] = frame["flow [m3/h]"].astype(object)
    frame.loc[random.choice(len(frame), 2_000, replace=False), "flow [m3/h]"] = None
    frame.loc[random.choice(len(frame), 20, replace=False), "flow [m3/h]"] = "error"
    return frame


VARIANTS = (
    Variant("clean, all columns used", as_it_is),
    Variant("clean, as first shown (one target)", as_it_is, columns="target"),
    Variant("gaps, repeats, empty cells, texts; all used", spoilt),
    Variant(
        "semicolons, decimal commas, 31.12.2020; all used",
        as_it_is,
        separator=";",
        decimal=",",
        time_format="%d.%m.%Y %H:%M",
    ),
)


def write_csv(path: Path, variant: Variant, n_rows: int) -> None:
    """Write the file of a variant."""
    frame = variant.spoil(clean_table(n_rows))
    frame["time"] = frame["time"].dt.strftime(variant.time_format)
    frame.to_csv(path, index=False, sep=variant.separator, decimal=variant.decimal)


class Steps:
    """Milliseconds of each step of our way."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def done(self, name: str) -> None:
        """Count the time since the last step as that of `name`."""
        now = time.perf_counter()
        self.milliseconds[name] = 1000 * (now - self._last)
        self._last = now


def our_way(path: Path, columns: str, steps: Steps) -> str:
    """Do what the Data page does for a file; return the figure for the browser."""
    content = path.read_bytes()
    steps.done("read the bytes")
    options = detect_options(content, path.name)
    steps.done("find out how it is written")
    rows = read_table(content, name=path.name, options=options)
    steps.done("cut it into cells")
    profiles = profile_columns(rows)
    steps.done("tell what columns hold")
    file = DraftFile(path.name, content, token=path.name)
    settings = suggested_settings(file, rows)
    steps.done("suggest time, target, calendar")
    if columns == "all":
        numbers = [profile.name for profile in profiles if profile.kind == "number"]
        settings = with_columns(settings, numbers)
    report = inspect_series(rows, settings)
    steps.done("check and report")
    figure = draw(report, settings.roles.targets[0])
    steps.done("draw")
    return figure


def with_columns(settings: SeriesSettings, numbers: list[str]) -> SeriesSettings:
    """Return the settings with every column of numbers in use."""
    others = tuple(name for name in numbers if name not in settings.roles.targets)
    return replace(settings, roles=replace(settings.roles, past_features=others))


def draw(report: SeriesReport, name: str) -> str:
    """Return the figure of a column as it is sent to the browser."""
    marks = Marks(
        gaps=tuple((gap.start, gap.stop) for gap in report.gaps),
        duplicates=report.duplicates,
        outliers=report.outliers(name),
    )
    return str(series_figure(report.frame_preview[name], marks=marks).to_json())


def check_figure(content: str, n_rows: int) -> Figure:
    """Count the points of a figure and the spikes that are among them."""
    figure = json.loads(content)
    drawn: set[np.datetime64] = set()
    n_points = 0
    for trace in figure["data"]:
        times = _array(trace["x"]).astype("datetime64[m]")
        high = _array(trace["y"]).astype(float) > 50
        n_points += len(times)
        drawn.update(times[high])
    minutes = np.datetime64("2020-01-01T00:00", "m") + spike_rows(n_rows)
    return Figure(
        n_bytes=len(content.encode()),
        n_points=n_points,
        n_spikes=N_SPIKES,
        n_drawn=sum(minute in drawn for minute in minutes),
    )


def _array(values: object) -> np.ndarray:
    """Return an array of a figure, written as a list or in base 64."""
    if isinstance(values, dict):
        raw = base64.b64decode(values["bdata"])
        return np.frombuffer(raw, dtype=np.dtype(values["dtype"]))
    return np.array(values)


@contextmanager
def child(
    side: str, path: Path, columns: str
) -> Iterator[Callable[[], dict[str, float]]]:
    """Start a process that runs one side each time it is asked."""
    command = benchmark_command("csv_reading", "--side", side, "--file", str(path))
    process = subprocess.Popen(
        [*command, "--columns", columns],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    answers, questions = process.stdout, process.stdin

    def run() -> dict[str, float]:
        questions.write("\n")
        questions.flush()
        answer: dict[str, float] = json.loads(answers.readline())
        return answer

    try:
        yield run
    finally:
        questions.close()
        process.wait()


def serve(side: str, path: Path, columns: str) -> None:
    """Answer each line with the seconds of one run, wall and processor, and steps."""
    dialect = _dialect(path)
    warnings.simplefilter("ignore", pd.errors.DtypeWarning)  # of the spoilt file
    for _ in sys.stdin:
        steps, start, processor = Steps(), time.perf_counter(), time.process_time()
        if side == "pandas":
            pd.read_csv(path, **dialect)
        else:
            our_way(path, columns, steps)
        answer = {
            "seconds": time.perf_counter() - start,
            "processor": time.process_time() - processor,
            **steps.milliseconds,
        }
        print(json.dumps(answer), flush=True)


def _dialect(path: Path) -> dict[str, Any]:
    """Return what pandas has to be told of a file with semicolons."""
    with path.open() as file:
        return {"sep": ";", "decimal": ","} if ";" in file.readline() else {}


def measure(
    path: Path, variant: Variant, n_repeats: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the quickest of each number of both sides, pandas first."""
    with (
        child("pandas", path, variant.columns) as run_pandas,
        child("ours", path, variant.columns) as run_ours,
    ):
        theirs, ours = [], []
        for _ in range(n_repeats + 1):
            theirs.append(run_pandas())
            ours.append(run_ours())
    # The first run of each loads libraries.
    return _quickest(theirs[1:]), _quickest(ours[1:])


def _quickest(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: min(run[name] for run in runs) for name in runs[0]}


def show_profile(path: Path, columns: str) -> None:
    """Print the functions that our way spends its time in."""
    our_way(path, columns, Steps())
    profile = cProfile.Profile()
    profile.runcall(our_way, path, columns, Steps())
    pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(25)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="100,000 rows; no record")
    parser.add_argument("--profile", action="store_true", help="profile our side")
    parser.add_argument("--repeats", type=int, default=7, help="runs of each side")
    for hidden in ("--side", "--file", "--columns"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Measure and print; record unless it is a quick run."""
    args = _arguments()
    if args.side:
        serve(args.side, Path(args.file), args.columns)
        return
    n_rows = N_QUICK_ROWS if args.quick else N_ROWS
    times, figures, steps = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for number, variant in enumerate(VARIANTS):
            print(f"writing {n_rows:,} rows: {variant.name}", file=sys.stderr)
            path = Path(folder) / f"plant-{number}.csv"
            write_csv(path, variant, n_rows)
            if args.profile:
                show_profile(path, variant.columns)
                continue
            theirs, ours = measure(path, variant, args.repeats)
            times.append(_time_row(variant, theirs, ours))
            steps.append([variant.name, *(f"{ours[s]:.0f}" for s in _step_names(ours))])
            drawn = check_figure(our_way(path, variant.columns, Steps()), n_rows)
            figures.append(
                [
                    variant.name,
                    f"{drawn.n_bytes / 1000:.0f}",
                    drawn.n_points,
                    f"{drawn.n_drawn} of {drawn.n_spikes}",
                ]
            )
    if args.profile:
        return
    body = BODY.format(
        n_rows=n_rows,
        n_repeats=args.repeats,
        times=table(
            ["file", "pandas [s]", "ours [s]", "ratio", "ratio of processor time"],
            times,
        ),
        figures=table(["file", "kB", "points", "spikes drawn"], figures),
        steps=table(["file", *_step_names(ours)], steps),
    )
    print(body)
    if not args.quick:
        record(TITLE, body)


def _time_row(
    variant: Variant, theirs: dict[str, float], ours: dict[str, float]
) -> list[str]:
    return [
        variant.name,
        f"{theirs['seconds']:.3f}",
        f"{ours['seconds']:.3f}",
        f"{ours['seconds'] / theirs['seconds']:.2f}",
        f"{ours['processor'] / theirs['processor']:.2f}",
    ]


def _step_names(answer: dict[str, float]) -> list[str]:
    return [name for name in answer if name not in ("seconds", "processor")]


if __name__ == "__main__":
    main()
