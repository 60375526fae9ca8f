"""Each cure changes what it says, and nothing it cannot."""

from dataclasses import replace
from typing import get_args

import pytest

from search.analysis.cures import cured_settings
from search.config import Roles, Task
from search.data.source import Source
from search.evaluation.diagnosis import Cure
from search.study.defaults import default_space
from search.study.settings import StudySettings
from search.study.space import Value
from search.study.starting import textbook_configurations


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
    long = {**params, "sequence_length": 1500}
    cured = cured_settings(settings, "longer_sequences", long)
    assert cured is not None
    assert cured.space["sequence_length"].choices == (1500,)
