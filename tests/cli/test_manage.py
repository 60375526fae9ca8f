import shutil
from pathlib import Path

import pytest

from search.cli.main import main
from search.environment import Environment
from search.study.control import read_control
from search.study.studies import list_studies
from tests.cli.conftest import Finished


def test_list_shows_state_and_trials(
    finished: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    assert "Plant" in out
    assert "finished" in out
    assert "2/2 trials" in out


def test_list_of_an_empty_folder_says_so(
    empty_studies: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list"]) == 0
    assert "There are no studies" in capsys.readouterr().err


def test_show_prints_winners_and_verdict(
    finished: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "Plant"]) == 0
    out = capsys.readouterr().out
    assert "finished: 2/2 trials" in out
    assert "GRU *" in out
    assert "seasonal naive" in out
    assert "GRU was best in cross-validation." in out


@pytest.mark.parametrize("command", ["show", "stop", "pause", "resume", "work"])
def test_unknown_study_exits_with_2(
    finished: Finished, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert main([command, "nobody"]) == 2
    assert "There is no study 'nobody'" in capsys.readouterr().err


def test_stop_of_an_ended_study_says_that_nothing_runs(
    finished: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["stop", "Plant"]) == 0
    assert "The study is not running; it is finished." in capsys.readouterr().err
    [handle] = list_studies(_environment(finished))
    assert read_control(handle).wish == "stop"


def test_export_without_a_download_says_why(
    finished: Finished, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["export", "Plant", "gru", "--out", str(tmp_path / "a.zip")]) == 2
    assert "There is no download of GRU" in capsys.readouterr().err
    assert main(["export", "Plant", "tcn", "--out", str(tmp_path / "a.zip")]) == 2
    assert "'tcn' is not a cell; choose from rnn, lstm, gru." in capsys.readouterr().err


def test_predict_refuses_files_that_are_not_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["predict", "gone.zip", "gone.csv"]) == 2
    assert capsys.readouterr().err == "There is no file gone.zip.\n"


def test_supervise_of_a_study_that_should_not_run_ends_quietly(
    finished: Finished,
) -> None:
    [handle] = list_studies(_environment(finished))
    assert main(["stop", handle.uuid[:6]]) == 0
    assert main(["work", handle.uuid]) == 0


def test_doctor_finds_nothing_wrong(
    finished: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out == "1 study examined; all is in order.\n"


def test_doctor_names_a_damaged_study(
    finished: Finished,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copy = tmp_path / "studies"
    shutil.copytree(finished.studies, copy)
    monkeypatch.setenv("STUDIES_DIR", str(copy))
    [handle] = list_studies(Environment.from_process())
    with (handle.folder / "data.parquet").open("ab") as file:
        file.write(b"x")
    assert main(["doctor", "Plant"]) == 1
    assert f"{handle.uuid[:8]} wrong: " in capsys.readouterr().out
    (handle.folder / "study.json").write_text("{")
    assert main(["doctor"]) == 1
    assert "The study cannot be read" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["dance"], ["show"], ["list", "--colour"]])
def test_arguments_that_make_no_sense_exit_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    assert leaving.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_help_lists_the_commands_of_users_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["--help"])
    assert leaving.value.code == 0
    out = capsys.readouterr().out
    for name in ("run", "work", "list", "show", "stop", "pause", "resume"):
        assert f"    {name} " in out
    assert "supervise" not in out
    assert "refit" not in out


def _environment(finished: Finished) -> Environment:
    return Environment(finished.studies, f"sqlite:///{finished.studies / 'optuna.db'}")
