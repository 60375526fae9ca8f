"""Studies that earlier versions left behind open for ever, and go on.

``tests/assets/study-<version>.zip`` is a studies folder of that version; see
``tests/assets/make_study.py``. The folder is opened where it was not made, so these
tests also stand for one that was moved.
"""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from search.analysis.delivered import load_forecaster
from search.analysis.predictions import load_predictions
from search.cli.main import main
from search.config import Budget, Environment
from search.files import sha256
from search.jobs.audit import audit_folders, audit_storage, audit_study
from search.study.control import needs_supervisor, set_budget, wish
from search.study.folders import StudyHandle
from search.study.optuna_study import open_study
from search.study.progress import read_progress
from search.study.results import load_results
from search.study.steering import enqueue
from search.study.studies import list_studies, load_panel_series
from search.study.trials.claims import claim_trial, current_owner, finish_trial
from search.study.trials.curves import read_curve
from search.study.trials.outcomes import TrialRecord

ASSETS = sorted((Path(__file__).parent / "assets").glob("study-*.zip"))
RECORD = TrialRecord("complete", 0.01, (0.01, 0.01), 2, 2, 1000, 0.1, 0.2)


@pytest.fixture(params=ASSETS, ids=lambda path: path.stem)
def place(request, tmp_path, monkeypatch) -> Environment:
    """Return a copy of the studies folder of an earlier version."""
    folder = tmp_path / "moved here"
    with zipfile.ZipFile(request.param) as archive:
        archive.extractall(folder)
    monkeypatch.setenv("STUDIES_DIR", str(folder))
    monkeypatch.delenv("STUDIES_STORAGE", raising=False)
    return Environment.from_process()


@pytest.fixture
def handle(place) -> StudyHandle:
    [handle] = list_studies(place)
    return handle


def test_there_is_a_stored_study():
    assert ASSETS
    assert all(path.stat().st_size < 500_000 for path in ASSETS)


@pytest.mark.case("R9", "stored study of each version, read")
def test_every_reader_opens_a_stored_study(place, handle):
    progress = read_progress(handle)
    assert (progress.state, progress.n_done) == ("finished", 3)
    assert not needs_supervisor(handle)
    assert len(load_panel_series(handle)) == handle.n_rows
    done = [trial.number for trial in progress.trials if trial.is_done]
    assert all(len(read_curve(handle.folder, number)) == 2 for number in done)
    results = load_results(handle.folder)
    assert results is not None
    assert results.best_cell == "GRU"
    assert audit_folders(place) + audit_storage(place) + audit_study(handle) == ()


@pytest.mark.case("R9", "stored study of each version, its winner")
def test_the_winner_of_a_stored_study_forecasts_as_it_did(place, handle):
    """Files of winners were named with whole paths, which a moved folder broke."""
    results = load_results(handle.folder)
    winner = results.winners["GRU"]
    assert Path(winner.predictions).is_relative_to(place.studies_dir)
    assert Path(winner.bundle).is_relative_to(place.studies_dir)
    assert len(sha256(Path(winner.bundle))) == 64
    with zipfile.ZipFile(winner.bundle) as bundle:
        assert bundle.testzip() is None
    stored = load_predictions(Path(winner.predictions), ["load"])["load"]
    forecaster = load_forecaster(handle, "GRU", winner)
    series = load_panel_series(handle)
    start = handle.n_rows - handle.settings.task.holdout
    origins = np.arange(start, start + len(stored.predicted))
    again = forecaster.forecast(series, origins)
    np.testing.assert_allclose(again[..., 0], stored.predicted, rtol=1e-4)


@pytest.mark.case("R9", "stored study of each version, more trials")
def test_a_stored_study_goes_on(handle):
    set_budget(handle, Budget(trials=5))
    wish(handle, "run")
    study, owner = open_study(handle), current_owner()
    asked = enqueue(handle, {"cell": "GRU"})
    numbers = []
    while (claim := claim_trial(handle, study, owner)).reason == "claimed":
        numbers.append(claim.trial.number)
        finish_trial(handle, study, claim.trial.number, RECORD, owner=owner)
    assert claim.reason == "budget"
    assert numbers[0] == asked
    assert len(numbers) == 2
    assert read_progress(handle).n_done == 5


@pytest.mark.case("R9", "stored study of each version, command line")
def test_the_command_line_opens_a_stored_study(handle, capsys, tmp_path):
    assert main(["list"]) == 0
    assert handle.uuid[:8] in capsys.readouterr().out
    assert main(["show", handle.uuid]) == 0
    assert "GRU" in capsys.readouterr().out
    assert main(["doctor"]) == 0
    out = tmp_path / "bundle.zip"
    assert main(["export", handle.uuid, "gru", "--out", str(out)]) == 0
    assert zipfile.is_zipfile(out)
