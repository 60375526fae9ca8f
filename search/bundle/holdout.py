"""`holdout_inputs.csv`: the rows that reproduce the holdout, as the user wrote them."""

import numpy as np
import pandas as pd

from search.bundle.preprocessing import Preprocessing, TimeStamps
from search.data.source import text_columns

_EPOCH = pd.Timestamp("1970-01-01")
_EXCEL_EPOCH = pd.Timestamp("1899-12-30")
_UNITS = {
    "epoch_s": "1s",
    "epoch_ms": "1ms",
    "epoch_us": "1us",
    "epoch_ns": "1ns",
    "excel": "1D",
}


def holdout_inputs(series: pd.DataFrame, preprocessing: Preprocessing) -> bytes:
    """Return the rows from the first one that the holdout needs, as text.

    Column names, time stamps, categories, delimiter, decimal mark and encoding are
    those of the user's file. Columns that are not used are left out, or empty where
    the file has no header. Numbers are those of the confirmed series, so repairs are
    in them.
    """
    rows = series.iloc[preprocessing.holdout.first_row :]
    reading = preprocessing.reading
    columns = time_cells(rows.index, preprocessing.time)
    columns |= value_cells(rows, preprocessing)
    frame = pd.DataFrame(columns)
    if not reading.header:
        frame = _positional(frame)
    text = frame.to_csv(
        index=False,
        header=reading.header,
        sep=" " if reading.delimiter == "whitespace" else reading.delimiter,
        decimal=reading.decimal,
        lineterminator="\n",
    )
    return ("#\n" * reading.skip_lines + text).encode(reading.encoding)


def value_cells(
    rows: pd.DataFrame, preprocessing: Preprocessing
) -> dict[str, np.ndarray]:
    """Return the numbers, and each category column put together again."""
    sources = text_columns(preprocessing.categories)
    names = [*preprocessing.targets, *preprocessing.past_features]
    columns: dict[str, np.ndarray] = {}
    for name in [*names, *preprocessing.known_features]:
        column = sources.get(name, name)
        if column == name:
            columns[name] = rows[name].to_numpy()
        elif column not in columns:
            columns |= _category(rows, column, preprocessing.categories[column])
    return columns


def _category(
    rows: pd.DataFrame, column: str, values: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """Return the column of texts, or its 0/1 columns where a repair changed them."""
    names = [f"{column}={value}" for value in values]
    shares = rows[names].to_numpy()
    if ((shares == 0) | (shares == 1)).all() and (shares.sum(axis=1) == 1).all():
        return {column: np.array(values, dtype=object)[shares.argmax(axis=1)]}
    return {name: rows[name].to_numpy() for name in names}


def time_cells(index: pd.Index, time: TimeStamps) -> dict[str, np.ndarray]:
    """Return the time stamps in the form in which ``predict.py`` reads them."""
    if time.frequency is None or not isinstance(index, pd.DatetimeIndex):
        return {}
    if time.parts:
        pairs = zip(time.columns, time.parts, strict=True)
        return {name: np.asarray(getattr(index, part)) for name, part in pairs}
    cells = _stamps(index, time.format)
    if len(time.columns) == 1:
        return {time.columns[0]: cells}
    # A date and a time of day; the format is that of both, joined by a blank.
    pieces = [str(cell).replace("T", " ").split(" ", 1) for cell in cells]
    return {
        name: np.array([piece[i] for piece in pieces])
        for i, name in enumerate(time.columns)
    }


def _stamps(index: pd.DatetimeIndex, time_format: str | None) -> np.ndarray:
    if time_format in _UNITS:
        since = _EXCEL_EPOCH if time_format == "excel" else _EPOCH
        numbers = np.asarray((index - since) / pd.Timedelta(_UNITS[time_format]))
        is_whole = bool((numbers == np.floor(numbers)).all())
        return numbers.astype(np.int64) if is_whole else numbers
    if time_format is None or "%" not in time_format:
        is_dates = bool((index == index.normalize()).all())
        text = index.map(pd.Timestamp.isoformat)
        return np.asarray(text.str[:10] if is_dates else text)
    stamps = index.tz_localize("UTC") if "%z" in time_format else index
    return np.asarray(stamps.strftime(time_format))


def _positional(frame: pd.DataFrame) -> pd.DataFrame:
    """Put ``column 3`` in the third place; the places between stay empty."""
    n_columns = max(int(name.split()[-1]) for name in frame.columns)
    names = [f"column {i + 1}" for i in range(n_columns)]
    return frame.reindex(columns=names)
