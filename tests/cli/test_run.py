import json
import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from search.cli.main import main
from search.config import Environment
from search.jobs.commands import child_environment, command
from search.study.control import read_control
from search.study.studies import list_studies
from search.study.trials.listing import read_trials
from search.worker.toy import EPOCH_VARIABLE
from tests.cli.conftest import Finished


def test_run_writes_results_that_can_be_recomputed(finished: Finished) -> None:
    assert finished.exit_code == 0
    found = json.loads(finished.json.read_bytes())
    assert set(found) >= {
        *("study", "data", "trials", "winners", "baselines"),
        *("best_cell", "verdict", "seconds"),
    }
    assert found["trials"]["complete"] + found["trials"]["pruned"] == 2
    assert found["trials"]["per_cell"] == {"LSTM": 1, "GRU": 1}
    assert found["best_cell"] == "GRU"
    assert found["data"]["rows"] == 120
    assert found["data"]["frequency"] == "D"
    for winner in found["winners"].values():
        path = Path(winner["predictions"])
        assert path.is_absolute()
        table = pd.read_csv(path)
        assert list(table.columns) == [
            *("origin", "step", "timestamp", "actual", "predicted"),
        ]
        error = table["predicted"] - table["actual"]
        assert winner["holdout"]["mae"] == pytest.approx(error.abs().mean())
        assert winner["holdout"]["rmse"] == pytest.approx(np.sqrt((error**2).mean()))


def test_run_default_holdout_is_a_tenth(finished: Finished) -> None:
    found = json.loads(finished.json.read_bytes())
    assert found["data"]["holdout_rows"] == 12
    assert found["data"]["holdout_start"] == 108


def test_run_notices_season_and_time_column(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    [handle] = list_studies(_environment(finished.studies))
    assert handle.settings.task.season == 7
    assert handle.settings.source.time_columns == ("day",)
    assert handle.settings.roles.calendar == ("weekday",)
    assert handle.settings.name == "Plant"


def test_resume_of_a_finished_study_asks_for_more_budget(
    finished: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["resume", "Plant"]) == 2
    assert "has used its budget" in capsys.readouterr().err


@pytest.mark.case("K6", "Ctrl-C in the terminal")
def test_run_interrupted_keeps_everything_and_says_how_to_resume(
    table: Path, empty_studies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C reaches the foreground process only; it brings its workers in."""
    monkeypatch.setenv(EPOCH_VARIABLE, "0.1")
    environment = _environment(empty_studies)
    arguments = ("run", str(table), "--target", "load", "--workers", "1")
    with subprocess.Popen(
        command(*arguments, "--epochs", "500", "--patience", "0"),
        env=child_environment(environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        line = next(line for line in process.stderr if line.startswith("searching"))
        assert "trials" in line
        os.kill(process.pid, signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait() == 130
    [handle] = list_studies(environment)
    assert f"Go on with: python -m search resume {handle.uuid[:8]}" in rest
    assert read_control(handle).wish == "pause"
    assert "running" not in {trial.state for trial in read_trials(handle)}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--target", "lode"), "`--target`: the file has no column 'lode'"),
        (("--target", "load", "--time", "date"), "`--time`: the file has no column"),
        (("--target", "load", "--cells", "rnn,tcn"), "'tcn' is not a cell"),
        (("--target", "load", "--horizon", "0"), "`horizon` must be at least 1"),
        (("--target", "load", "--horizon", "50"), "needs"),
        (("--target", "load", "--trials", "0"), "`trials` must be at least 1"),
        (("--target", "load", "--timeout", "-5"), "`seconds` must lie above 0"),
        (("--target", "load", "--workers", "0"), "`workers` must lie between"),
        (("--target", "load", "--calendar", "moon"), "`--calendar` must be auto"),
        (("--target", "load", "--space", "none.json"), "none.json cannot be read"),
        (("--target", "load", "--json", "no/such/o.json"), "there is no folder"),
        (("--target", "load", "--missing", "guess"), "invalid choice: 'guess'"),
        (("--target",), "expected one argument"),
        ((), "the following arguments are required: --target"),
    ],
)
def test_run_refuses_wrong_input_with_one_sentence(
    table: Path,
    empty_studies: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    try:
        code: object = main(["run", str(table), *arguments])
    except SystemExit as leaving:
        code = leaving.code
    assert code == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert "Traceback" not in error
    assert not list_studies(_environment(empty_studies))


def test_run_takes_ten_refits_and_refuses_eleven(
    table: Path, empty_studies: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["run", str(table), "--target", "load", "--cells", "gru"]
    arguments += ["--trials", "1", "--epochs", "1", "--workers", "1"]
    assert main([*arguments, "--refits", "11"]) == 2
    assert "refits of each winner, must be at most 10, got 11" in (
        capsys.readouterr().err
    )
    assert list_studies(_environment(empty_studies)) == ()
    assert main([*arguments, "--refits", "10", "--deliver", "average"]) == 0
    [handle] = list_studies(_environment(empty_studies))
    assert handle.settings.training.refit_seeds == 10
    assert handle.settings.training.deliver == "average"


def test_run_refuses_a_file_that_is_not_there(
    empty_studies: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "gone.csv", "--target", "a"]) == 2
    assert capsys.readouterr().err == (
        "gone.csv cannot be read: No such file or directory.\n"
    )


def test_run_refuses_configurations_outside_the_space(
    table: Path, empty_studies: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wishes = table.parent / "wishes.json"
    wishes.write_text('[{"cell": "GRU", "units": 3}]')
    code = main(["run", str(table), "--target", "load", "--enqueue", str(wishes)])
    assert code == 2
    assert "`units` = 3 lies outside the search space" in capsys.readouterr().err
    wishes.write_text('{"cell": "GRU"}')
    code = main(["run", str(table), "--target", "load", "--enqueue", str(wishes)])
    assert code == 2
    assert "must be a JSON list of configurations" in capsys.readouterr().err


def _environment(studies: Path) -> Environment:
    return Environment(studies, f"sqlite:///{studies / 'optuna.db'}")
