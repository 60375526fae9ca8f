"""Changed searches that may cure what a trial suffers from."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from search.errors import ConfigError
from search.evaluation.diagnosis import Cure
from search.space.lines import LIMITS, Line, Space, Value
from search.study.settings import StudySettings

Params = Mapping[str, Value]


def cured_settings(
    settings: StudySettings, cure: Cure, params: Params
) -> StudySettings | None:
    """Return the settings of a search that tries `cure`; None if it changes nothing.

    Parameters
    ----------
    settings
        Settings of the study.
    cure
        What to change.
    params
        Complete configuration of the trial, which the changed lines start from.
    """
    try:
        if cure == "more_epochs":
            return _more_epochs(settings)
        line = _CURES[cure](settings, params)
        if line is None or line == settings.space[line.name]:
            return None
        space = settings.space.with_line(line)
        return replace(settings, space=space, enqueue=())
    except ConfigError:
        return None


def _more_epochs(settings: StudySettings) -> StudySettings:
    training = settings.training
    longer = replace(
        training, epochs=2 * training.epochs, patience=2 * training.patience
    )
    return replace(settings, training=longer, enqueue=())


def _more_dropout(settings: StudySettings, params: Params) -> Line | None:
    low = max(0.2, float(params["dropout"]))
    return _range("dropout", low, max(0.6, 1.2 * low))


def _fewer_units(settings: StudySettings, params: Params) -> Line | None:
    most = int(params["units"]) // 2
    return _choices("units", [most, most // 2, most // 4], fewest=1)


def _more_units(settings: StudySettings, params: Params) -> Line | None:
    least = int(params["units"])
    return _choices("units", [least, 2 * least, 4 * least])


def _lower_rate(settings: StudySettings, params: Params) -> Line | None:
    high = float(params["learning_rate"]) / 2
    return _range("learning_rate", high / 30, high, log=True)


def _higher_rate(settings: StudySettings, params: Params) -> Line | None:
    low = float(params["learning_rate"])
    return _range("learning_rate", low, min(10 * low, max(0.1, 2 * low)), log=True)


def _stronger_clipping(settings: StudySettings, params: Params) -> Line | None:
    high = float(params["clipnorm"]) / 2
    return _range("clipnorm", high / 30, high, log=True)


def _other_framing(settings: StudySettings, params: Params) -> Line | None:
    if settings.task.kind != "forecasting":
        return None  # others ask for the value itself
    known = ["none", "last_value"]
    if settings.task.season > 1:
        known.append("seasonal")
    others = tuple(name for name in known if name != params["framing"])
    return Line("framing", choices=others)


def _longer_sequences(settings: StudySettings, params: Params) -> Line | None:
    length = int(params["sequence_length"])
    return _choices("sequence_length", [length, 2 * length, 4 * length])


def _calendar(settings: StudySettings, params: Params) -> Line | None:
    if not settings.roles.calendar or params["calendar"] == "cycles":
        return None
    return Line("calendar", choices=("cycles",))


def _range(name: str, low: float, high: float, *, log: bool = False) -> Line | None:
    """Return the part of a range that is legal; None if nothing can be searched."""
    limits = LIMITS[name]
    assert limits.low is not None and limits.high is not None
    low, high = max(low, limits.low), min(high, limits.high)
    return Line(name, low=low, high=high, log=log) if low < high else None


def _choices(name: str, values: list[int], *, fewest: int = 2) -> Line | None:
    """Return the legal `values`; None if there are fewer than `fewest`."""
    limits = LIMITS[name]
    assert limits.low is not None and limits.high is not None
    legal = sorted({value for value in values if limits.low <= value <= limits.high})
    return Line(name, choices=tuple(legal)) if len(legal) >= fewest else None


_CURES: dict[Cure, Callable[[StudySettings, Params], Line | None]] = {
    "more_dropout": _more_dropout,
    "fewer_units": _fewer_units,
    "more_units": _more_units,
    "lower_rate": _lower_rate,
    "higher_rate": _higher_rate,
    "stronger_clipping": _stronger_clipping,
    "other_framing": _other_framing,
    "longer_sequences": _longer_sequences,
    "calendar": _calendar,
}


def changed_lines(old: Space, new: Space) -> list[str]:
    """Return the names of the lines that differ."""
    return [line.name for line in new.lines if line != old[line.name]]
