"""Numbers far beyond all sense: refused with the largest one, whoever sends them."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from search.cli.main import main
from search.config import Budget, Environment
from search.errors import ConfigError
from search.space.lines import Line
from search.study import steering
from search.study.steering import enqueue
from search.study.studies import create_study, list_studies
from search.study.trials.listing import read_trials
from tests.cli.conftest import save_table, set_up

LIMITS: dict[str, tuple[dict[str, object], str]] = {
    "trials": ({"trials": 10**6}, "`trials` must be at most 5000, got 1000000"),
    "seconds": ({"seconds": 1e12}, "at most 2592000 .30 days., got 1e"),
    "epochs": ({"epochs": 10**9}, "`epochs` must be at most 10,000, got 1,000,000,000"),
    "patience": ({"patience": 10**9}, "`patience` must be at most 10,000, got"),
    "seed": ({"seed": 10**30}, "`seed` must be at most 4,294,967,295, got"),
    "refits": ({"refit_seeds": 10**6}, "at most 10, got 1000000"),
    "folds": ({"folds": 10**6}, "`folds` must be at most 50, got 1,000,000"),
    "workers": ({"workers": 10**6}, "`workers` must lie between 1 and 64, got 1000000"),
    "queue": (
        {"enqueue": ({"units": 64},) * 201},
        "`enqueue` must be at most 200, got",
    ),
    "horizon": ({"horizon": 10**7, "holdout": 10**7}, "10000000"),
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.case("W9", f"huge number: {name}"))
     for name in LIMITS],
)  # fmt: skip
def test_a_huge_number_is_refused_with_the_largest_one(
    environment: Environment, settings, series, name: str
) -> None:
    changes, message = LIMITS[name]
    with pytest.raises(ConfigError, match=message):
        create_study(environment, _changed(settings, changes), series)
    assert list_studies(environment) == ()


@pytest.mark.case("W9", "huge values in the search space")
@pytest.mark.parametrize(
    ("name", "high"),
    [("sequence_length", 2000), ("units", 512), ("layers", 4), ("batch_size", 4096)],
)
def test_a_huge_value_of_the_space_is_refused(name: str, high: int) -> None:
    Line(name, choices=(high,))
    for line in ({"choices": (10**7,)}, {"low": 1, "high": 10**7}):
        with pytest.raises(
            ConfigError, match=f"`{name}` must lie between 1 and {high}"
        ):
            Line(name, **line)


@pytest.mark.case("W9", "a queue of configurations without end")
def test_a_full_queue_takes_nothing_more(
    make_study: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steering, "MAX_QUEUED", 3)
    handle = make_study()
    for _ in range(3):
        enqueue(handle, {"units": 64})
    before = len(read_trials(handle))
    with pytest.raises(ConfigError, match=r"3 configurations wait already.*most 3"):
        enqueue(handle, {"units": 64})
    assert len(read_trials(handle)) == before


@pytest.mark.case("W9", "huge numbers on the command line")
@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--trials", "1000000", "at most 5000, got 1000000"),
        ("--epochs", "1000000000", "at most 10,000, got 1,000,000,000"),
        ("--workers", "100000", "between 1 and 64, got 100000"),
        ("--folds", "1000000", "at most 50, got 1,000,000"),
    ],
)
def test_the_command_line_refuses_huge_numbers(
    tmp_path, monkeypatch: pytest.MonkeyPatch, capsys, option, value, message
) -> None:
    set_up(monkeypatch, tmp_path / "studies")
    table = save_table(tmp_path)
    code = main(["run", str(table), "--target", "load", option, value])
    assert code == 2
    assert message in capsys.readouterr().err
    assert list_studies(Environment.from_process()) == ()


def _changed(settings, changes: dict[str, object]):
    """Return the settings with `changes`, each in the record that it belongs to."""
    for record in ("task", "training"):
        part = getattr(settings, record)
        own = {name: value for name, value in changes.items() if hasattr(part, name)}
        settings = replace(settings, **{record: replace(part, **own)})
    own = {name: changes[name] for name in ("workers", "enqueue") if name in changes}
    if {"trials", "seconds"} & set(changes):
        own["budget"] = Budget(changes.get("trials"), changes.get("seconds"))
    return replace(settings, **own)
