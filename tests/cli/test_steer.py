"""The commands that steer a study."""

import shutil
from pathlib import Path

import pytest

from search.cli.main import main
from search.config import Budget, Environment
from search.space.lines import Line
from search.study.control import read_control
from search.study.folders import StudyHandle
from search.study.studies import list_studies
from search.study.trials.listing import read_trials
from tests.cli.conftest import Finished, set_up


@pytest.fixture
def handle(
    finished_once: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> StudyHandle:
    """Return a copy of the finished study, which may be changed."""
    folder = tmp_path / "studies"
    shutil.copytree(finished_once.studies, folder)
    set_up(monkeypatch, folder)
    [found] = list_studies(Environment.from_process())
    return found


def test_narrow_and_widen(
    handle: StudyHandle, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["narrow", "Plant", "units=16..64", "dropout=0.1"]) == 0
    said = capsys.readouterr().err
    assert "units 16, 32, 64; dropout 0.1 (frozen)" in said
    assert "at rest. Go on with: python -m search resume" in said
    assert read_control(handle).narrowed == (
        Line("units", choices=(16, 32, 64)),
        Line("dropout", low=0.1, high=0.1),
    )
    assert main(["widen", "Plant", "units"]) == 0
    assert [line.name for line in read_control(handle).narrowed] == ["dropout"]
    assert main(["show", "Plant"]) == 0
    shown = capsys.readouterr().out
    assert "Narrowed: dropout 0.1 (frozen)" in shown
    assert "UTC, command line: units narrowed to 16, 32, 64" in shown
    assert "UTC, command line: units widened to 16, 32, 64, 128" in shown
    assert main(["widen", "Plant"]) == 0
    assert read_control(handle).narrowed == ()


@pytest.mark.case("C5", "values outside the space")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["narrow", "Plant", "units=7"], "inside 16, 32, 64, 128 only, got 7"),
        (["narrow", "Plant", "units"], "write NAME=VALUE"),
        (["widen", "Plant", "width"], "`width` is not a hyperparameter"),
        (["enqueue", "Plant"], "Give values such as units=32"),
        (["enqueue", "Plant", "units=7"], "lies outside the search space"),
        (["enqueue", "Plant", "units"], "write NAME=VALUE"),
        (["enqueue", "Plant", "--like", "99"], "There is no trial 99"),
        (["unqueue", "Plant", "0"], "Trial 0 does not wait any more"),
        (["budget", "Plant"], "The budget is 2 trials already"),
        (["budget", "Plant", "--trials", "0"], "`trials` must be at least 1"),
        (["budget", "Plant", "--trials", "none"], "Give a budget"),
    ],
)
def test_what_is_wrong_is_said(
    handle: StudyHandle,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err
    assert read_control(handle).history == ()


def test_enqueue_like_a_trial_and_remove_it(
    handle: StudyHandle, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["enqueue", "Plant", "units=64", "--like", "1"]) == 0
    said = capsys.readouterr().err
    assert "Queued as trial 2." in said
    assert "2 trials has no room for all that waits" in said
    assert "--trials 3" in said
    trials = read_trials(handle)
    like, queued = trials[1].params, trials[2]
    assert queued.state == "waiting"
    assert queued.is_asked
    assert queued.params == {**like, "units": 64}
    assert main(["show", "Plant"]) == 0
    assert "Waiting: trial 2 (GRU)" in capsys.readouterr().out
    assert main(["unqueue", "Plant", "2"]) == 0
    assert read_trials(handle)[2].state == "removed"


def test_budget_changes_what_is_given(
    handle: StudyHandle, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["budget", "Plant", "--stop-early"]) == 0
    assert read_control(handle).budget == Budget(2, None, stop_early=True)
    assert "2 trials, less if more are not worth it" in capsys.readouterr().err
    assert main(["budget", "Plant", "--trials", "9", "--timeout", "60"]) == 0
    assert read_control(handle).budget == Budget(9, 60.0, stop_early=True)
    assert main(["budget", "Plant", "--no-stop-early"]) == 0
    assert read_control(handle).budget == Budget(9, 60.0)
    assert [note.by for note in read_control(handle).history] == ["command line"] * 3


def test_one_limit_changes_and_the_other_stays_until_it_is_lifted(
    handle: StudyHandle, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["budget", "Plant", "--timeout", "60"]) == 0
    assert read_control(handle).budget == Budget(2, 60.0)
    assert main(["budget", "Plant", "--trials", "1"]) == 0
    assert read_control(handle).budget == Budget(1, 60.0)
    assert "now 1 trial and 60 seconds." in capsys.readouterr().err
    assert main(["budget", "Plant", "--trials", "none"]) == 0
    assert read_control(handle).budget == Budget(None, 60.0)
    with pytest.raises(SystemExit):
        main(["budget", "Plant", "--trials", "many"])
    assert "must be a whole number or none, got 'many'" in capsys.readouterr().err


def test_resume_goes_on_after_the_budget_was_raised(
    handle: StudyHandle, capsys: pytest.CaptureFixture[str]
) -> None:
    """It asked for a larger budget, although `budget` had just given one."""
    assert main(["resume", "Plant", "--trials", "1"]) == 2
    assert "has used its budget" in capsys.readouterr().err
    assert read_control(handle).budget == Budget(2)
    assert main(["budget", "Plant", "--trials", "3"]) == 0
    assert main(["resume", "Plant"]) == 0
    assert sum(trial.state == "complete" for trial in read_trials(handle)) == 3


def test_resume_takes_a_queued_configuration_up(handle: StudyHandle) -> None:
    assert main(["enqueue", "Plant", "units=128", "cell=GRU"]) == 0
    assert main(["resume", "Plant", "--trials", "3"]) == 0
    queued = read_trials(handle)[2]
    assert (queued.state, queued.params["units"]) == ("complete", 128)
