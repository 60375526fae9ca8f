"""`preprocessing.json`: all that lies between a user's file and the network."""

from dataclasses import dataclass, field, fields, replace
from importlib import metadata
from platform import python_version
from typing import Any, TypeVar

import msgspec

from search import __version__
from search.bundle.contents import BundleContents
from search.config import CalendarCycle
from search.data.reading.spelling import MISSING_SPELLINGS
from search.data.source import Source
from search.data.timing.time_formats import PARTS, part_units
from search.data.timing.zones import is_of_dates
from search.evaluation.framing import FramingName
from search.evaluation.panel import Panel
from search.files import sha256

FORMAT_VERSION = 1
_PACKAGES = ("numpy", "pandas", "onnxruntime", "keras", "tensorflow")
_OF_TEXT = frozenset({"encoding", "delimiter", "decimal", "thousands"})


@dataclass(frozen=True)
class Reading:
    """How the user's table is read.

    Attributes
    ----------
    encoding, delimiter, decimal, thousands, header, sheet, skip_lines
        As in `search.data.table.ReadOptions`.
    missing, unreadable
        How missing values are filled, and whether texts in number columns count as
        missing; see `search.data.settings.SeriesSettings`.
    missing_spellings
        Cells that count as missing, in lower case.
    """

    encoding: str = "utf-8"
    delimiter: str = ","
    decimal: str = "."
    thousands: str | None = None
    header: bool = True
    sheet: str | None = None
    skip_lines: int = 0
    missing: str = "refuse"
    unreadable: str = "refuse"
    missing_spellings: tuple[str, ...] = tuple(sorted(MISSING_SPELLINGS))


R = TypeVar("R", bound=Reading)


@dataclass(frozen=True)
class TimeStamps:
    """How the time stamps are read; without a frequency the rows are counted.

    Attributes
    ----------
    columns
        One column, the parts of which a time stamp is made, or a date and a time.
    parts
        Unit of each column (year, month and so on); () where they are not parts.
    format
        As in `search.data.timing.times.TimeStamps`; None leaves it to pandas.
    day_first
        Whether 1/2 is the first of February; only where there is no format.
    is_utc
        Whether time stamps with an offset are moved to UTC; otherwise the offset is
        dropped.
    offset
        Offset from UTC such as ``+01:00`` to which time stamps with another one are
        moved; None drops theirs.
    frequency
        pandas offset alias of the step between rows.
    """

    columns: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    format: str | None = None
    day_first: bool = False
    is_utc: bool = False
    offset: str | None = None
    frequency: str | None = None


@dataclass(frozen=True)
class Holdout:
    """Where the bundled rows lie in the series that the network was made from.

    Attributes
    ----------
    first_row
        Row of the series that is the first one of ``holdout_inputs.csv``.
    start, stop
        The predicted origins are ``[start, stop)``, counted in rows of the series.
    """

    first_row: int
    start: int
    stop: int


@dataclass(frozen=True)
class Preprocessing:
    """The content of ``preprocessing.json``; ``predict.py`` reads the same fields.

    Attributes
    ----------
    reading, time
        How the table becomes numbers with time stamps.
    targets, past_features, known_features
        Numeric columns; a text column appears as ``name=value`` for each value.
    categories
        Values of each text column.
    calendar
        Cycles derived from the time stamps.
    channels
        Name of each network input: targets, past features, known features, calendar.
    center, scale
        For each channel; the network sees ``(value - center) / scale``.
    n_known
        Number of last channels that are also given for the forecast steps.
    framing, season, sequence_length, horizon
        See `search.evaluation.framing`.
    holdout
        See `Holdout`.
    versions
        With which the network was made.
    sha256
        Digest of each model file, so that no other one is run with these settings.
    """

    reading: Reading
    time: TimeStamps
    targets: tuple[str, ...]
    past_features: tuple[str, ...]
    known_features: tuple[str, ...]
    categories: dict[str, tuple[str, ...]]
    calendar: tuple[CalendarCycle, ...]
    channels: tuple[str, ...]
    center: tuple[float, ...]
    scale: tuple[float, ...]
    n_known: int
    framing: FramingName
    season: int
    sequence_length: int
    horizon: int
    holdout: Holdout
    versions: dict[str, str] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION

    @property
    def rows_before_origin(self) -> int:
        """Rows that a forecast needs before its first step."""
        return self.sequence_length + (self.season if self.framing == "seasonal" else 0)


def make_preprocessing(contents: BundleContents) -> Preprocessing:
    """Return the preprocessing of the delivered network."""
    settings, params, task = contents.settings, contents.params, contents.settings.task
    panel = contents.panel()
    holdout_start = panel.n_rows - task.holdout
    return Preprocessing(
        reading=reading_of(settings.source, Reading, text_formats=("csv",)),
        center=tuple(map(float, contents.scaler.center)),
        scale=tuple(map(float, contents.scaler.scale)),
        n_known=panel.n_known,
        holdout=Holdout(
            first_row=max(0, holdout_start - params.first_origin(task.season)),
            start=holdout_start,
            stop=panel.n_rows - task.horizon + 1,
        ),
        **shared_fields(contents, panel),
    )


def is_of_task(content: bytes) -> bool:
    """Whether ``preprocessing.json`` is of any task but the forecast of one series."""
    return "kind" in msgspec.json.decode(content)


def shared_fields(contents: BundleContents, panel: Panel) -> dict[str, Any]:
    """Return the fields of `Preprocessing` that have one meaning for every task."""
    settings, params, task = contents.settings, contents.params, contents.settings.task
    roles = settings.roles
    return {
        "time": _time_stamps(settings.source),
        "targets": roles.targets,
        "past_features": roles.past_features,
        "known_features": roles.known_features,
        "categories": settings.source.categories,
        "calendar": roles.calendar if params.calendar != "none" else (),
        "channels": panel.channels,
        "framing": params.framing,
        "season": task.season,
        "sequence_length": params.sequence_length,
        "horizon": task.horizon,
        "versions": _versions(),
        "sha256": {
            "model.keras": sha256(contents.model.keras_path),
            "model.onnx": sha256(contents.model.onnx_path),
        },
    }


def reading_of(source: Source, kind: type[R], *, text_formats: tuple[str, ...]) -> R:
    """Return how tables are read; marks of text stay standard for other formats."""
    is_text = source.reading.get("format", "csv") in text_formats
    names = {one.name for one in fields(kind)} - (frozenset() if is_text else _OF_TEXT)
    given = {
        name: value
        for name, value in source.reading.items()
        if name in names and value is not None
    }
    # msgspec leaves defaults out of what it builds, and of its JSON; a copy has them.
    return replace(msgspec.convert(given, kind, strict=False))


def _versions() -> dict[str, str]:
    """Return the versions of Python, this program and the packages of a bundle."""
    found = {name: metadata.version(name) for name in _PACKAGES}
    return {"python": python_version(), "search": __version__, **found}


def _time_stamps(source: Source) -> TimeStamps:
    """Return how the time stamps of a source are read."""
    if source.frequency is None:
        return TimeStamps()
    time_format = source.reading.get("time_format")
    zone = source.reading.get("time_zone")
    offset = None if is_of_dates(source) else source.reading.get("time_offset")
    return TimeStamps(
        columns=source.time_columns,
        parts=_parts(source.time_columns, time_format),
        format=None if time_format is None else str(time_format),
        day_first=bool(source.reading.get("day_first")),
        is_utc=zone == "utc" or "%z" in str(time_format),
        offset=None if offset is None else str(offset),
        frequency=source.frequency,
    )


def _parts(columns: tuple[str, ...], time_format: str | bool | None) -> tuple[str, ...]:
    """Return the unit of each column, in their order, or () if they are not parts."""
    units = part_units(columns) if time_format == PARTS or len(columns) > 1 else None
    return tuple(sorted(units, key=units.__getitem__)) if units else ()
