"""Each cure changes what it says, and nothing it cannot."""

from dataclasses import replace
from typing import get_args

import pytest

from search.analysis.cures import cured_settings
from search.config import Roles, Task
from search.data.source import Source
from search.evaluation.diagnosis import Cure
from search.space.defaults import default_space
from search.space.lines import LIMITS, Value
from search.space.starting import textbook_configurations
from search.study.settings import StudySettings


@pytest.fixture
def settings() -> StudySettings:
    roles = Roles(("y",), calendar=("hour",))
    task = Task(horizon=1, holdout=50, season=24)
    return StudySettings(
        "s", Source("s.csv"), roles, task, default_space(600, roles, task)
    )


@pytest.fixture
def params(settings: StudySettings) -> dict[str, Value]:
    found = textbook_configurations(settings.space)[0]
    return {**found, "calendar": "none", "framing": "last_value"}


@pytest.mark.parametrize("cure", get_args(Cure))
def test_every_cure_changes_one_thing(
    cure: Cure, settings: StudySettings, params: dict[str, Value]
) -> None:
    cured = cured_settings(settings, cure, params)
    assert cured is not None
    changed = [line for line in cured.space.lines if line not in settings.space.lines]
    if cure == "more_epochs":
        assert cured.training.epochs == 2 * settings.training.epochs
        assert changed == []
    else:
        assert len(changed) == 1
        assert replace(cured, space=settings.space) == settings


def test_more_dropout_begins_where_the_winner_is(
    settings: StudySettings, params: dict[str, Value]
) -> None:
    cured = cured_settings(settings, "more_dropout", {**params, "dropout": 0.35})
    assert cured is not None
    assert cured.space["dropout"].values == (0.35, 0.6)


def test_another_framing_leaves_the_present_one_out(
    settings: StudySettings, params: dict[str, Value]
) -> None:
    cured = cured_settings(settings, "other_framing", params)
    assert cured is not None
    assert cured.space["framing"].choices == ("none", "seasonal")


def test_cures_that_do_not_apply_are_not_offered(
    settings: StudySettings, params: dict[str, Value]
) -> None:
    assert (
        cured_settings(settings, "calendar", {**params, "calendar": "cycles"}) is None
    )
    assert cured_settings(settings, "fewer_units", {**params, "units": 1}) is None


def test_longer_sequences_stay_within_the_limits(
    settings: StudySettings, params: dict[str, Value]
) -> None:
    long = {**params, "sequence_length": 900}
    cured = cured_settings(settings, "longer_sequences", long)
    assert cured is not None
    assert cured.space["sequence_length"].choices == (900, 1800)
    longest = {**params, "sequence_length": 1500}
    assert cured_settings(settings, "longer_sequences", longest) is None


UP = {
    "more_dropout": "dropout",
    "more_units": "units",
    "higher_rate": "learning_rate",
    "longer_sequences": "sequence_length",
}
DOWN = {
    "fewer_units": "units",
    "lower_rate": "learning_rate",
    "stronger_clipping": "clipnorm",
}


@pytest.mark.parametrize("cure", UP)
def test_cures_that_ask_for_more_end_at_the_largest_value(
    cure: Cure, settings: StudySettings, params: dict[str, Value]
) -> None:
    name = UP[cure]
    least, most = _of(name, "low"), _of(name, "high")
    assert cured_settings(settings, cure, {**params, name: most}) is None
    for value in (least, 1.5 * least, 0.4 * most, 0.9 * most):
        now = value if LIMITS[name].kind == "float" else max(least, round(value))
        cured = cured_settings(settings, cure, {**params, name: now})
        if cured is not None:
            values = cured.space[name].values
            assert now <= min(values) < max(values) <= most  # type: ignore[type-var]
    assert cured_settings(settings, cure, {**params, name: least}) is not None


@pytest.mark.parametrize("cure", DOWN)
def test_cures_that_ask_for_less_end_at_the_smallest_value(
    cure: Cure, settings: StudySettings, params: dict[str, Value]
) -> None:
    name = DOWN[cure]
    least, most = _of(name, "low"), _of(name, "high")
    assert cured_settings(settings, cure, {**params, name: least}) is None
    for value in (most, 1.5 * least, 3 * least, 0.4 * most):
        now = value if LIMITS[name].kind == "float" else round(value)
        cured = cured_settings(settings, cure, {**params, name: now})
        if cured is not None:
            values = cured.space[name].values
            assert least <= min(values) <= max(values) < now  # type: ignore[type-var]
    assert cured_settings(settings, cure, {**params, name: most}) is not None


def test_a_fast_network_is_not_told_a_lower_rate_as_a_higher_one(
    settings: StudySettings, params: dict[str, Value]
) -> None:
    cured = cured_settings(settings, "higher_rate", {**params, "learning_rate": 0.2})
    assert cured is not None
    assert cured.space["learning_rate"].values == (0.2, 0.4)


def _of(name: str, end: str) -> int | float:
    """Return an end of the limits, as the kind of number that the line has."""
    value = getattr(LIMITS[name], end)
    return int(value) if LIMITS[name].kind == "int" else float(value)
