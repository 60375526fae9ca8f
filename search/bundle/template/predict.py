"""Forecast with the recurrent network in this folder.

::

    python predict.py newest.csv                     the next steps after the last row
    python predict.py newest.csv --out forecast.csv  the same, into a file
    python predict.py newest.csv --every-origin 500  forecasts from row 500, 501, ...
    python predict.py --check                        repeat the holdout predictions

The file has the columns of the table that the network was made from; CSV, TSV, Excel
and Parquet are read. Everything else is in ``preprocessing.json``. Needs numpy, pandas
and onnxruntime (``pip install -r requirements.txt``), or keras instead of onnxruntime.

From the table to the forecast: `read_table` gives cells, `make_series` numbers with
time stamps, `forecast` scales them, cuts windows, runs the network and scales back.

Rows in messages are lines of the file: the header is row 1. Exit codes: 0, 1 where
``--check`` finds a difference, 2 where the input cannot be used.
"""

import argparse
import hashlib
import json
import sys
import warnings
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

FOLDER = Path(__file__).resolve().parent
INPUTS_FILE, PREDICTIONS_FILE = "holdout_inputs.csv", "holdout_predictions.csv"
LARGEST_DIFFERENCE = 1e-4  # of the standard deviation of the target
BATCH = 256
EPOCHS = {"epoch_s": 1e6, "epoch_ms": 1e3, "epoch_us": 1.0, "epoch_ns": 1e-3}

Network = Callable[[np.ndarray, np.ndarray], np.ndarray]


class ForecastError(Exception):
    """The input cannot be used; the message says where and what to do."""


@dataclass(frozen=True)
class Setup:
    """The part of ``preprocessing.json`` that a forecast needs.

    A *channel* is one input of the network. They come in this order: targets, past
    features, known features (also given for the future), calendar cycles (derived
    from the time stamps). The last `n_known` are known in advance.
    """

    reading: dict[str, Any]
    time: dict[str, Any]
    targets: list[str]
    past_features: list[str]
    known_features: list[str]
    categories: dict[str, list[str]]
    calendar: list[str]
    center: list[float]
    scale: list[float]
    n_known: int
    framing: str
    season: int
    sequence_length: int
    horizon: int
    holdout: dict[str, int]

    @property
    def columns(self) -> list[str]:
        """Channels that come from the table."""
        return [*self.targets, *self.past_features, *self.known_features]

    def sources(self, found: Collection[str]) -> dict[str, tuple[str, str | None]]:
        """Return the column of each channel and, for a 0/1 channel, its category.

        A 0/1 channel that is itself a column of the table is read as numbers.
        """
        texts = {
            f"{c}={v}": (c, v) for c, values in self.categories.items() for v in values
        }
        return {
            name: texts[name] if name in texts and name not in found else (name, None)
            for name in self.columns
        }

    @property
    def rows_before(self) -> int:
        """Rows that a forecast needs before its first step."""
        return self.sequence_length + (self.season if self.framing == "seasonal" else 0)


@dataclass(frozen=True)
class Series:
    """Numbers in original units, one row a time step.

    `values` has shape (n_rows, n_channels) and NaN where there is no value. Targets
    end before `stop`; the rows from there on are the future. `times` is None where
    rows are counted. `table` holds the cells, its index the row in the file.
    """

    values: np.ndarray
    times: pd.DatetimeIndex | None
    stop: int
    table: pd.DataFrame


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(description="Forecast the next steps of a table.")
    parser.add_argument("file", nargs="?", type=Path, help="table with the newest rows")
    parser.add_argument("--out", type=Path, help="CSV file to write; default: print")
    parser.add_argument(
        "--every-origin",
        type=int,
        metavar="FIRST_ROW",
        help="forecast from each data row (counted from 0) on whose targets are known",
    )
    parser.add_argument("--check", action="store_true", help="repeat the holdout")
    options = parser.parse_args(arguments)
    try:
        setup = load_setup(FOLDER)
        if options.check:
            return check(setup)
        if options.file is None:
            raise ForecastError("Name a table, such as: python predict.py newest.csv")
        series = make_series(read_table(options.file, setup), setup)
        if options.every_origin is None:
            write(next_steps(series, setup), options.out)
        else:
            write(every_origin(series, setup, options.every_origin), options.out)
    except ForecastError as error:
        sys.stderr.write(" ".join(str(error).split()) + "\n")
        return 2
    return 0


def load_setup(folder: Path) -> Setup:
    """Read ``preprocessing.json``."""
    try:
        content = json.loads((folder / "preprocessing.json").read_text("utf-8"))
        return Setup(**{field.name: content[field.name] for field in fields(Setup)})
    except (OSError, ValueError, KeyError) as error:
        raise ForecastError(f"preprocessing.json cannot be used: {error!r}.") from error


def write(frame: pd.DataFrame, path: Path | None) -> None:
    """Write `frame` as CSV to `path`, or print it."""
    text = frame.to_csv(index=False, float_format="%.10g", lineterminator="\n")
    if path is None:
        sys.stdout.write(text)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ForecastError(f"{path} cannot be written: {error.strerror}.") from error


def note(text: str) -> None:
    """Tell something beside the forecast."""
    sys.stderr.write(f"Note: {text}\n")


# --- From the file to cells


def read_table(path: Path, setup: Setup) -> pd.DataFrame:
    """Return the cells that are used, the index being the row in the file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = read_cells(path, setup.reading)
    except FileNotFoundError as error:
        raise ForecastError(f"There is no file {path}.") from error
    except Exception as error:  # the readers raise many types
        raise ForecastError(f"{path.name} cannot be read: {error}") from error
    sources = setup.sources(frame.columns)
    used = [*setup.time["columns"], *(sources[name][0] for name in setup.columns)]
    used = list(dict.fromkeys(used))
    absent = [name for name in used if name not in frame.columns]
    if absent:
        raise ForecastError(
            f"{path.name} has no column {', '.join(map(repr, absent))}; it has "
            f"{', '.join(map(repr, frame.columns))}."
        )
    is_empty = frame[used].apply(is_missing, setup=setup).all(axis=1)
    return frame.loc[~is_empty, used]


def is_missing(cells: pd.Series, setup: Setup) -> pd.Series:
    """Return for each cell whether it stands for "no value"."""
    text = cells.astype(str).str.strip().str.lower()
    return cells.isna() | text.isin(setup.reading["missing_spellings"])


def read_cells(path: Path, reading: dict[str, Any]) -> pd.DataFrame:
    """Return all cells, texts where the file is one, the index being the row in it."""
    suffix, n_skipped = path.suffix.lower(), int(reading["skip_lines"])
    header = 0 if reading["header"] else None
    if suffix in (".parquet", ".pq"):
        frame = pd.read_parquet(path)
        frame = frame.reset_index() if frame.index.name else frame
        header, n_skipped = 0, 0
    elif suffix in (".xlsx", ".xlsm", ".xls"):
        sheet = reading["sheet"] or 0
        frame = pd.read_excel(path, sheet, header=header, skiprows=n_skipped)
    else:
        return read_text(path, reading)
    return _placed(frame, n_skipped, has_header=header is not None)


def read_text(source: Any, reading: dict[str, Any]) -> pd.DataFrame:
    """Return the cells of a delimited text, a path or an open file."""
    n_skipped, delimiter = int(reading["skip_lines"]), reading["delimiter"]
    frame = pd.read_csv(
        source,
        sep=r"\s+" if delimiter == "whitespace" else delimiter,
        encoding=reading["encoding"],
        header=0 if reading["header"] else None,
        skiprows=n_skipped,
        dtype=str,
        keep_default_na=False,
        skip_blank_lines=False,
        index_col=False,
    )
    return _placed(frame, n_skipped, has_header=bool(reading["header"]))


def _placed(frame: pd.DataFrame, n_skipped: int, *, has_header: bool) -> pd.DataFrame:
    """Name the columns, and the rows by their places in the file."""
    if not has_header:
        frame.columns = [f"column {i + 1}" for i in range(frame.shape[1])]
    frame.columns = [str(name).strip() for name in frame.columns]
    frame.index = pd.RangeIndex(len(frame)) + n_skipped + (2 if has_header else 1)
    return frame


# --- From cells to numbers with time stamps


def make_series(table: pd.DataFrame, setup: Setup) -> Series:
    """Turn cells into numbers; rows that cannot be used are refused later."""
    targets = table[setup.targets].apply(is_missing, setup=setup)
    is_given = ~targets.all(axis=1).to_numpy()
    if not is_given.any():
        raise ForecastError(f"No row has a value of {', '.join(setup.targets)}.")
    stop = int(np.flatnonzero(is_given)[-1]) + 1
    if not setup.known_features and stop < len(table):
        note(
            f"{len(table) - stop} rows at the end have no value of "
            f"{', '.join(setup.targets)}; the forecast starts at row "
            f"{table.index[stop]}."
        )
        table = table.iloc[:stop]
    values = np.full((len(table), len(setup.columns)), np.nan)
    sources = setup.sources(table.columns)
    for channel, (name, (column, category)) in enumerate(sources.items()):
        n_rows = len(table) if name in setup.known_features else stop
        cells = table[column].iloc[:n_rows]
        values[:n_rows, channel] = _numbers(cells, category, setup)
    return Series(values, parse_times(table, setup), stop, table)


def _numbers(column: pd.Series, category: str | None, setup: Setup) -> np.ndarray:
    """Return float64 numbers, NaN where a cell is missing or not a number."""
    numbers, absent = cell_numbers(column, category, setup)
    rule = setup.reading["missing"]
    filled = fill(pd.Series(numbers), rule, is_text=category is not None)
    n_filled = int((absent & filled.notna()).sum())
    if n_filled and category in (None, *setup.categories.get(str(column.name), [])[:1]):
        note(f"{n_filled} missing values of {column.name!r} were filled ({rule}).")
    return np.where(absent, filled, numbers)


def cell_numbers(
    column: pd.Series, category: str | None, setup: Setup
) -> tuple[np.ndarray, np.ndarray]:
    """Return float64 numbers, NaN where a cell is none, and which cells are missing."""
    absent = is_missing(column, setup).to_numpy()
    if category is not None:
        text = column.astype(str).str.strip()
        known = text.isin(setup.categories[str(column.name)]).to_numpy()
        numbers = np.where(known, text.to_numpy() == category, np.nan).astype(float)
    elif pd.api.types.is_numeric_dtype(column):
        numbers = column.to_numpy(dtype=float, na_value=np.nan)
    else:
        cells = column.map(lambda cell: _plain_number(cell, setup.reading))
        numbers = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=float)
    numbers = np.where(absent | ~np.isfinite(numbers), np.nan, numbers)
    if setup.reading["unreadable"] == "missing" and category is None:
        absent = np.isnan(numbers)
    return numbers, absent


def _plain_number(cell: Any, reading: dict[str, Any]) -> Any:
    """Return the text of a number as Python writes it; None where it is none."""
    if not isinstance(cell, str):
        return cell
    text, decimal, thousands = cell.strip(), reading["decimal"], reading["thousands"]
    if thousands:
        whole, mark, rest = text.partition(decimal)
        groups = whole.lstrip("+-").split(thousands)
        sizes = [len(group) for group in groups]
        if len(groups) > 1 and (sizes[0] > 3 or set(sizes[1:]) != {3}):
            return None
        text = whole.replace(thousands, "") + mark + rest
    if decimal != "." and "." in text:
        return None
    return text.replace(decimal, ".")


def fill(numbers: pd.Series, rule: str, *, is_text: bool) -> pd.Series:
    """Fill missing values as it was done when the network was made."""
    if rule == "forward_fill" or (rule == "interpolate" and is_text):
        return numbers.ffill()
    if rule == "backward_fill":
        return numbers.bfill()
    if rule == "interpolate":
        return numbers.interpolate(limit_area="inside")
    return numbers.fillna(0.0) if rule == "zero" else numbers


def parse_times(table: pd.DataFrame, setup: Setup) -> pd.DatetimeIndex | None:
    """Return the time stamps; None where rows are counted."""
    if not setup.time["columns"]:
        return None
    columns = setup.time["columns"]
    times = read_stamps(table[columns], setup.time)
    for position in np.flatnonzero(times.isna())[:1]:
        cells = ", ".join(str(table[name].iloc[position]) for name in columns)
        raise ForecastError(
            f"Row {table.index[position]} has no time stamp that can be read, but "
            f"{cells!r}."
        )
    for position in np.flatnonzero(times[1:] < times[:-1])[:1]:
        raise ForecastError(
            f"Row {table.index[position + 1]} ({times[position + 1]}) is earlier than "
            f"the row before it ({times[position]}); sort the file by time."
        )
    return times


def read_stamps(cells: pd.DataFrame, time: dict[str, Any]) -> pd.DatetimeIndex:
    """Return time stamps without a zone, NaT where they cannot be read."""
    try:
        times = pd.DatetimeIndex(_parse(cells, time))
        if times.tz is not None and time.get("offset"):
            times = times.tz_convert("UTC" + time["offset"])
        return times.tz_localize(None)
    except ValueError as error:
        raise ForecastError(f"The time stamps cannot be read: {error}") from error


def _parse(cells: pd.DataFrame, time: dict[str, Any]) -> pd.Series:
    if time["parts"]:
        pairs = zip(time["parts"], cells.columns, strict=True)
        parts = {part: pd.to_numeric(cells[c], errors="coerce") for part, c in pairs}
        return pd.to_datetime(
            pd.DataFrame({"month": 1, "day": 1} | parts), errors="coerce"
        )
    columns = [cells[name] for name in cells.columns]
    if len(columns) == 1 and pd.api.types.is_datetime64_any_dtype(columns[0]):
        return columns[0].dt.tz_convert("UTC") if columns[0].dt.tz else columns[0]
    kind = time["format"]
    if kind in EPOCHS or kind == "excel":
        numbers = pd.to_numeric(columns[0], errors="coerce")
        since = pd.Timestamp("1899-12-30" if kind == "excel" else "1970-01-01")
        micros = (numbers * EPOCHS.get(kind, 86_400e6)).round()
        return since + pd.to_timedelta(micros, unit="us")
    text = columns[0].astype(str).str.strip()
    for column in columns[1:]:  # a date and a time of day
        text = text + " " + column.astype(str).str.strip()
    return pd.to_datetime(
        text,
        format="ISO8601" if kind == "iso" else kind,
        dayfirst=bool(time["day_first"]),
        utc=bool(time["is_utc"]),
        errors="coerce",
    )


# --- Forecasts


def next_steps(series: Series, setup: Setup) -> pd.DataFrame:
    """Forecast the steps after the last target value, one row a step."""
    series = _with_future(series, setup)
    predicted = forecast(series, np.array([series.stop]), setup)[0]
    steps = np.arange(setup.horizon)
    return pd.DataFrame(
        {"step": steps + 1, "timestamp": _labels(series)[series.stop + steps]}
        | {name: predicted[:, k] for k, name in enumerate(setup.targets)}
    )


def every_origin(series: Series, setup: Setup, first: int) -> pd.DataFrame:
    """Forecast from each row on whose targets are known, one row a step and target.

    `first` is the first predicted row of the first forecast, counted from 0.
    """
    last = series.stop - setup.horizon
    if not setup.rows_before <= first <= last:
        raise ForecastError(
            f"--every-origin {first} is not possible: with {series.stop} rows of "
            f"target values it must lie between {setup.rows_before} (rows that a "
            f"forecast needs) and {last} (horizon {setup.horizon} before the end)."
        )
    origins = np.arange(first, last + 1)
    return arrange(series, origins, forecast(series, origins, setup), setup)


def arrange(
    series: Series, origins: np.ndarray, predicted: np.ndarray, setup: Setup
) -> pd.DataFrame:
    """Return predictions of shape (n_origins, horizon, n_targets) as a long table."""
    rows = origins[:, None] + np.arange(setup.horizon)
    columns = {
        "origin": origins[:, None, None],
        "step": np.arange(1, setup.horizon + 1)[:, None],
        "timestamp": _labels(series)[rows][:, :, None],
        "actual": series.values[rows, : len(setup.targets)],
        "predicted": predicted,
    }
    if len(setup.targets) > 1:
        columns["target"] = np.array(setup.targets, dtype=object)
    shape = predicted.shape
    return pd.DataFrame(
        {name: np.broadcast_to(c, shape).ravel() for name, c in columns.items()}
    )


def forecast(series: Series, origins: np.ndarray, setup: Setup) -> np.ndarray:
    """Forecast in original units, of shape (len(origins), horizon, n_targets)."""
    _check_rows(series, int(origins[0]), int(origins[-1]), setup)
    n_targets, steps = len(setup.targets), np.arange(setup.horizon)
    values = np.column_stack([series.values, *calendar(series.times, setup.calendar)])
    inputs = (values - np.array(setup.center)) / np.array(setup.scale)
    targets = inputs[:, :n_targets].astype(np.float32)
    offsets = np.full(setup.horizon, -1)  # where the base of each step lies
    if setup.framing == "seasonal":
        offsets = steps % setup.season - setup.season
        inputs[setup.season :, :n_targets] -= inputs[: -setup.season, :n_targets].copy()
    inputs = inputs.astype(np.float32)
    network = load_network(FOLDER)
    predicted = []
    for start in range(0, len(origins), BATCH):
        rows = origins[start : start + BATCH, None]
        past = inputs[rows + np.arange(-setup.sequence_length, 0)]
        if setup.framing == "last_value":
            past[:, :, :n_targets] -= targets[rows - 1]
        known = inputs[rows + steps, len(setup.center) - setup.n_known :]
        base = targets[rows + offsets] if setup.framing != "none" else np.float32(0)
        predicted.append(network(past, known) + base)
    scale, center = np.array(setup.scale), np.array(setup.center)
    return np.concatenate(predicted) * scale[:n_targets] + center[:n_targets]


def calendar(times: pd.DatetimeIndex | None, cycles: Sequence[str]) -> list[np.ndarray]:
    """Return a sine and a cosine for each cycle: hour, weekday, month."""
    columns: list[np.ndarray] = []
    for cycle in cycles:
        if times is None:
            raise ForecastError("Calendar features need time stamps.")
        if cycle == "hour":
            phase = (times.hour + times.minute / 60 + times.second / 3600) / 24
        elif cycle == "weekday":
            phase = times.day_of_week / 7
        else:
            phase = (times.month - 1 + (times.day - 1) / times.days_in_month) / 12
        angle = 2 * np.pi * np.asarray(phase, dtype=float)
        columns += [np.sin(angle), np.cos(angle)]
    return columns


def checked_model(folder: Path, name: str) -> Path:
    """Return the path of a model file, if it is the one that the settings go with."""
    path, content = folder / name, (folder / "preprocessing.json").read_text("utf-8")
    expected = json.loads(content).get("sha256", {}).get(name)
    if expected not in (None, hashlib.sha256(path.read_bytes()).hexdigest()):
        raise ForecastError(
            f"{name} is not the network that preprocessing.json was written for: its "
            "SHA-256 differs. Use the files of one bundle as they were downloaded."
        )
    return path


def load_network(folder: Path) -> Network:
    """Return the network: scaled windows in, scaled predictions out."""
    try:
        import onnxruntime
    except ImportError:
        return _load_keras(folder)
    path = str(checked_model(folder, "model.onnx"))
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [entry.name for entry in session.get_inputs()]

    def run(past: np.ndarray, known: np.ndarray) -> np.ndarray:
        given = {"past": past, "known": known}
        return np.asarray(session.run(None, {name: given[name] for name in names})[0])

    return run


def _load_keras(folder: Path) -> Network:
    try:
        import keras
    except ImportError as error:
        raise ForecastError(
            "Neither onnxruntime nor keras is installed; run: pip install onnxruntime"
        ) from error
    note("onnxruntime is not installed; the forecast is made with keras.")
    path = checked_model(folder, "model.keras")
    model = keras.models.load_model(path, compile=False)

    def run(past: np.ndarray, known: np.ndarray) -> np.ndarray:
        given = [past, known][: len(model.inputs)]
        is_list = isinstance(model.input, list)
        return np.asarray(model(given if is_list else past, training=False))

    return run


def grid(first: pd.Timestamp, n_rows: int, setup: Setup) -> pd.DatetimeIndex:
    """Return `n_rows` time stamps, one step apart."""
    step = pd.tseries.frequencies.to_offset(setup.time["frequency"])
    if isinstance(step, pd.offsets.Week):  # from any day of the week
        step = pd.Timedelta(7 * step.n, "D")
    return pd.date_range(first, periods=n_rows, freq=step)


def _labels(series: Series) -> np.ndarray:
    """Return the time stamp, or the number of the row counted from 0."""
    if series.times is None:
        return np.arange(len(series.values))
    return series.times.to_numpy()


def _with_future(series: Series, setup: Setup) -> Series:
    """Return the series with the rows that are to be forecast."""
    n_missing = series.stop + setup.horizon - len(series.values)
    if setup.known_features:
        if n_missing > 0:
            raise ForecastError(
                f"The file has {len(series.values) - series.stop} rows after the last "
                f"value of {', '.join(setup.targets)}; the forecast needs "
                f"{setup.horizon} more rows in which {', '.join(setup.known_features)} "
                "is filled in and the targets are empty."
            )
        return series
    values = np.full((setup.horizon, len(setup.columns)), np.nan)
    times = series.times
    if times is not None:
        times = times.append(grid(times[-1], setup.horizon + 1, setup)[1:])
    return replace(series, values=np.vstack([series.values, values]), times=times)


def _check_rows(series: Series, first: int, last: int, setup: Setup) -> None:
    """Refuse gaps in the rows that the origins [first, last] need."""
    start = first - setup.rows_before
    if start < 0:
        raise ForecastError(
            f"The file has {first} rows with target values; the network needs "
            f"{setup.rows_before} (sequence length {setup.sequence_length}"
            + (f" + season {setup.season})." if setup.framing == "seasonal" else ").")
        )
    _check_steps(series, start, last, setup)
    n_before = len(setup.targets) + len(setup.past_features)
    missing = np.isnan(series.values[start : last + setup.horizon])
    missing[last - start :, :n_before] = False
    for row, channel in np.argwhere(missing)[:1]:
        _refuse_cell(series.table.iloc[start + row], setup.columns[channel], setup)


def _refuse_cell(row: pd.Series, channel: str, setup: Setup) -> None:
    column, category = setup.sources(row.index)[channel]
    place = f"Column {column!r} in row {row.name}"
    if is_missing(row[[column]], setup).iloc[0]:
        raise ForecastError(f"{place} has no value; fill it in.")
    if category is None:
        raise ForecastError(f"{place} is {row[column]!r}, which is not a number.")
    raise ForecastError(
        f"{place} is {row[column]!r}; the network knows only "
        f"{', '.join(map(repr, setup.categories[column]))}."
    )


def _check_steps(series: Series, start: int, last: int, setup: Setup) -> None:
    """Refuse time stamps that are not one step apart."""
    if series.times is None:
        return
    stop = min(last + setup.horizon, len(series.table))
    times = series.times[start:stop]
    wanted = grid(times[0], len(times), setup)
    for position in np.flatnonzero(times != wanted)[:1]:
        row = series.table.index[start + position]
        raise ForecastError(
            f"Row {row} has the time stamp {times[position]} where {wanted[position]} "
            f"is expected (step {setup.time['frequency']!r}). Add missing rows and "
            "remove repeated ones."
        )


# --- The proof that this folder reproduces what was reported


def check(setup: Setup) -> int:
    """Repeat the holdout predictions, print the difference and return 0 or 1."""
    series = make_series(read_table(FOLDER / INPUTS_FILE, setup), setup)
    stored = pd.read_csv(FOLDER / PREDICTIONS_FILE)
    origins = np.unique(stored["origin"].to_numpy()) - setup.holdout["first_row"]
    found = arrange(series, origins, forecast(series, origins, setup), setup)
    found["origin"] += setup.holdout["first_row"]
    keys = [name for name in ("target", "origin", "step") if name in stored]
    both = stored.merge(found, on=keys, suffixes=("", "_now"), validate="1:1")
    both["difference"] = (both["predicted"] - both["predicted_now"]).abs()
    by_target = both.groupby(
        both["target"] if "target" in both else np.zeros(len(both))
    )
    spread = by_target["actual"].std(ddof=0).replace(0.0, 1.0)
    largest = float(both["difference"].fillna(np.inf).max())
    relative = float((by_target["difference"].max() / spread).max())
    passed = largest < np.inf and relative < LARGEST_DIFFERENCE
    passed = passed and len(both) == len(stored) == len(found)
    sys.stdout.write(
        f"{len(both)} of {len(stored)} predictions repeated; the largest difference is "
        f"{largest:.3g} ({relative:.2g} of the spread of the target): "
        f"{'the same' if passed else 'NOT the same'}.\n"
    )
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
