"""Changed searches that may cure what a trial suffers from."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from search.errors import ConfigError
from search.evaluation.diagnosis import Cure
from search.study.settings import StudySettings
from search.study.space import LIMITS, Line, Space, Value

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
    if cure == "more_epochs":
        training = settings.training
        longer = replace(
            training, epochs=2 * training.epochs, patience=2 * training.patience
        )
        return replace(settings, training=longer, enqueue=())
    line = _CURES[cure](settings, params)
    if line is None or line == settings.space[line.name]:
        return None
    space = settings.space.with_line(line)
    try:
        return replace(settings, space=space, enqueue=())
    except ConfigError:
        return None


def _more_dropout(settings: StudySettings, params: Params) -> Line | None:
    low = max(0.2, float(params["dropout"]))
    return Line("dropout", low=min(low, 0.5), high=max(0.6, low))


def _fewer_units(settings: StudySettings, params: Params) -> Line | None:
    most = int(params["units"]) // 2
    return _choices("units", [most, most // 2, most // 4])


def _more_units(settings: StudySettings, params: Params) -> Line | None:
    least = int(params["units"])
    return _choices("units", [least, 2 * least, 4 * least])


def _lower_rate(settings: StudySettings, params: Params) -> Line | None:
    high = float(params["learning_rate"]) / 2
    return Line("learning_rate", low=max(1e-6, high / 30), high=high, log=True)


def _higher_rate(settings: StudySettings, params: Params) -> Line | None:
    low = min(0.03, float(params["learning_rate"]))
    return Line("learning_rate", low=low, high=min(0.1, 10 * low), log=True)


def _stronger_clipping(settings: StudySettings, params: Params) -> Line | None:
    high = max(0.002, float(params["clipnorm"]) / 2)
    return Line("clipnorm", low=max(0.001, high / 30), high=high, log=True)


def _other_framing(settings: StudySettings, params: Params) -> Line | None:
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


def _choices(name: str, values: list[int]) -> Line | None:
    limits = LIMITS[name]
    assert limits.low is not None and limits.high is not None
    legal = sorted({value for value in values if limits.low <= value <= limits.high})
    return Line(name, choices=tuple(legal)) if legal else None


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
