"""The settings record: what it refuses, and its way through JSON."""

from dataclasses import replace

import msgspec
import pytest

from search.data.source import Source
from search.errors import ConfigError
from search.space.lines import Line
from search.study.settings import StudySettings


@pytest.mark.parametrize("name", ["", "  ", "x" * 81])
def test_settings_refuse_a_bad_name(settings, name):
    with pytest.raises(ConfigError, match="A study name has 1 to 80 characters"):
        replace(settings, name=name)


@pytest.mark.parametrize("name", ["x", "x" * 80, "  Strom (kW) – Süd  "])
def test_settings_accept_names(settings, name):
    assert replace(settings, name=name).name == name


@pytest.mark.parametrize("workers", [0, 65])
def test_settings_refuse_workers(settings, workers):
    with pytest.raises(ConfigError, match=f"between 1 and 64, got {workers}"):
        replace(settings, workers=workers)


def test_settings_refuse_a_configuration_outside_the_space(settings):
    with pytest.raises(ConfigError, match="`units` = 300 lies outside"):
        replace(settings, enqueue=({"units": 64}, {"units": 300}))


def test_settings_plan_uses_the_longest_sequence(settings):
    """120 rows, 10 held out, horizon 2: the last origin is 108."""
    space = settings.space.with_line(Line("sequence_length", choices=(6, 20)))
    plan = replace(settings, space=space).plan(120)
    assert plan.first_origin == 20
    assert plan.holdout_start == 110
    # 109 - 20 = 89 origins make 3 folds of 89 // 4 = 22.
    assert [(fold.valid_start, fold.valid_stop) for fold in plan.folds] == [
        (43, 65),
        (65, 87),
        (87, 109),
    ]


def test_settings_plan_refuses_a_short_series(settings):
    with pytest.raises(ConfigError, match=r"needs .* rows"):
        settings.plan(30)


def test_settings_round_trip_through_json(settings):
    space = settings.space.with_line(
        Line("architecture", choices=("stacked", "attention"))
    )
    full = replace(
        settings,
        space=space,
        source=Source(
            "power.csv",
            reading={"delimiter": ";", "header": True, "sheet": None},
            time_columns=("date", "hour"),
            frequency="h",
            repairs=("Two rows were dropped.",),
            categories={"plant": ("north", "south")},
        ),
        enqueue=(
            {"cell": "GRU", "dropout": 0.25, "architecture": "attention", "units": 64},
        ),
    )
    document = msgspec.json.encode(full)
    again = msgspec.json.decode(document, type=StudySettings)
    assert again == full
    # JSON must not turn choices of one type into another.
    assert again.space["architecture"].choices == ("stacked", "attention")
    assert type(again.enqueue[0]["units"]) is int


def test_settings_from_json_are_checked_again(settings):
    document = msgspec.json.encode(settings).replace(b'"workers":2', b'"workers":999')
    with pytest.raises(msgspec.ValidationError, match="between 1 and 64, got 999"):
        msgspec.json.decode(document, type=StudySettings)
