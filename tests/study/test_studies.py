"""Create, find, list, rename, archive, delete."""

import json
from dataclasses import replace

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.trial import TrialState

from search.config import Budget
from search.data.snapshot import save_series
from search.errors import ConfigError, SeriesError, StudyCorrupted, UserInputError
from search.locks import try_lock
from search.space.lines import Line
from search.study import studies
from search.study.control import Control, read_control, wish
from search.study.folders import SUPERVISOR_LOCK, open_folder
from search.study.optuna_study import open_study
from search.study.storage.opening import cached_reader, sqlite_path
from search.study.studies import (
    archive_study,
    create_study,
    delete_study,
    find_study,
    first_configurations,
    list_studies,
    load_panel_series,
    rename_study,
    unarchive_study,
    unreadable_studies,
)
from search.study.trials.claims import claim_trial, current_owner


def optuna_names(environment) -> list[str]:
    studies = cached_reader(environment.storage_url).get_all_studies()
    return [study.study_name for study in studies]


def test_create_study_fills_folder_and_storage(environment, settings, series):
    handle = create_study(environment, settings, series)
    assert handle.folder == environment.studies_dir / handle.uuid
    names = {path.name for path in handle.folder.iterdir()}
    assert {"study.json", "data.parquet", "curves", "spool", "winners", "logs"} <= names
    assert open_folder(environment, handle.folder) == handle
    assert handle.settings == settings
    assert handle.n_rows == 120
    assert len(handle.uuid) == 32
    assert handle.created.endswith("+00:00")
    assert handle.optuna_name == f"Power [{handle.uuid[:8]}]"
    study = open_study(handle)
    assert study.user_attrs["uuid"] == handle.uuid
    assert study.direction == optuna.study.StudyDirection.MINIMIZE


def test_create_study_in_an_empty_directory(tmp_path, environment, settings, series):
    folder = tmp_path / "new" / "studies"
    fresh = replace(
        environment,
        studies_dir=folder,
        storage_url=f"sqlite:///{folder / 'optuna.db'}",
    )
    handle = create_study(fresh, settings, series)
    assert list_studies(fresh) == (handle,)


def test_create_study_keeps_the_versions(handle):
    document = json.loads((handle.folder / "study.json").read_text())
    assert document["versions"]["optuna"] == optuna.__version__
    assert document["schema_version"] == 1


def test_create_study_does_not_start_it(make_study):
    handle = make_study(is_running=False)
    assert read_control(handle) == Control("pause", Budget(trials=6))


def test_create_study_queues_wishes_before_the_textbook(make_study):
    handle = make_study(enqueue=({"units": 64}, {"cell": "GRU", "units": 128}))
    queue = [trial.system_attrs["fixed_params"] for trial in open_study(handle).trials]
    assert queue[:2] == [
        {"cell": "SimpleRNN", "units": 64},
        {"cell": "GRU", "units": 128},
    ]
    assert [params["cell"] for params in queue[2:]] == ["SimpleRNN", "LSTM", "GRU"]


def test_first_configurations_says_nothing_twice(settings):
    textbook = first_configurations(settings)
    repeated = replace(settings, enqueue=(textbook[1],))
    assert first_configurations(repeated) == [textbook[1], textbook[0], textbook[2]]


def test_first_configurations_with_a_fixed_cell(settings, one_cell):
    fixed = replace(one_cell, enqueue=({"units": 64},))
    assert first_configurations(fixed)[0] == {"units": 64}
    assert len(first_configurations(fixed)) == 3


@pytest.mark.case("T9", "study on a series that is too short")
def test_create_study_refuses_a_series_that_is_too_short(environment, settings, series):
    with pytest.raises(ConfigError, match=r"needs .* rows before the first validation"):
        create_study(environment, settings, series.iloc[:20])
    assert list_studies(environment) == ()


def test_create_study_refuses_a_series_without_its_column(
    environment, settings, series
):
    with pytest.raises(SeriesError, match="no column 'load'"):
        create_study(environment, settings, series.rename(columns={"load": "other"}))


def test_create_study_refuses_a_loss_of_values_below_zero(
    environment, settings, series
):
    space = settings.space.with_line(Line("loss", choices=("msle",)))
    with pytest.raises(SeriesError, match=r"`loss` = msle .*'load' has -0.19"):
        create_study(environment, replace(settings, space=space), series)
    assert list_studies(environment) == ()


def test_create_study_that_breaks_leaves_nothing(
    environment, settings, series, monkeypatch
):
    def full(folder, values, groups):
        (folder / "data.parquet").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(studies, "save_series", full)
    with pytest.raises(OSError, match="No space left"):
        create_study(environment, settings, series)
    assert [path.name for path in environment.studies_dir.iterdir()] == ["optuna.db"]


def test_create_study_with_a_damaged_storage_leaves_nothing(
    environment, settings, series
):
    sqlite_path(environment.storage_url).write_bytes(b"not a database, but text" * 9)
    with pytest.raises(StudyCorrupted, match=r"optuna\.db is damaged"):
        create_study(environment, settings, series)
    assert list_studies(environment) == ()
    assert unreadable_studies(environment) == {}


def test_create_study_twice_with_one_name(make_study):
    first, second = make_study(), make_study()
    assert first.uuid != second.uuid
    assert first.optuna_name != second.optuna_name


def test_load_panel_series_round_trip(handle, series):
    pd.testing.assert_frame_equal(load_panel_series(handle), series)


@pytest.mark.case("C6", "snapshot of the data changed on disk")
def test_load_panel_series_that_was_changed(handle):
    other = pd.DataFrame({"load": np.zeros(120)})
    save_series(handle.folder, other)
    with pytest.raises(StudyCorrupted, match="SHA-256"):
        load_panel_series(handle)


def test_find_study_by_uuid_prefix_and_name(make_study, environment):
    first = make_study(name="First")
    second = make_study(name="Second one")
    assert find_study(environment, first.uuid) == first
    assert find_study(environment, second.uuid[:10]) == second
    assert find_study(environment, "Second one") == second


@pytest.mark.parametrize(
    "reference", ["Nobody", "", "../..", "/etc", "second one", "."]
)
def test_find_study_that_does_not_exist(make_study, environment, reference):
    make_study(name="Second one")
    with pytest.raises(UserInputError, match="There is no study"):
        find_study(environment, reference)


def test_find_study_of_two_with_one_name(make_study, environment):
    handles = [make_study(name="Twin"), make_study(name="Twin")]
    with pytest.raises(UserInputError, match="2 studies match 'Twin'") as caught:
        find_study(environment, "Twin")
    assert all(handle.uuid[:8] in str(caught.value) for handle in handles)


def test_find_study_by_the_uuid_of_a_damaged_one_says_why(handle, environment):
    (handle.folder / "study.json").write_text("{")
    with pytest.raises(StudyCorrupted, match=r"study\.json is damaged"):
        find_study(environment, handle.uuid)


def test_list_studies_newest_first(make_study, environment, monkeypatch):
    handles = []
    for second in ("03", "01", "02"):
        stamp = f"2026-01-01T00:00:{second}+00:00"
        monkeypatch.setattr(studies, "utc_now", lambda stamp=stamp: stamp)
        handles.append(make_study())
    listed = list_studies(environment)
    assert listed == (handles[0], handles[2], handles[1])


def test_list_studies_of_no_directory(tmp_path, environment):
    absent = replace(environment, studies_dir=tmp_path / "absent")
    assert list_studies(absent) == ()
    assert unreadable_studies(absent) == {}


@pytest.mark.case("S9", "study.json of a newer version, damaged or missing")
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be opened"),
        (b"", "is damaged"),
        (b"\xff\xfe", "is damaged"),
        (b'{"uuid": "x"}', "is damaged"),
        (b'{"schema_version": 99}', "newer version"),
    ],
)
def test_list_studies_skips_what_cannot_be_read(
    make_study, environment, content, reason
):
    good, bad = make_study(), make_study()
    path = bad.folder / "study.json"
    path.unlink() if content is None else path.write_bytes(content)
    assert list_studies(environment) == (good,)
    reasons = unreadable_studies(environment)
    assert list(reasons) == [bad.uuid]
    assert reason in reasons[bad.uuid]


def test_unreadable_studies_names_a_copied_folder(handle, environment):
    """A folder that was copied by hand would be a second study of the same uuid."""
    handle.folder.rename(environment.studies_dir / "copy")
    assert "not to the folder copy" in unreadable_studies(environment)["copy"]


@pytest.mark.case("S12", "renamed on the page")
def test_rename_study_changes_the_label_only(handle, environment):
    renamed = rename_study(handle, "  Load of the north  ")
    assert renamed.settings.name == "Load of the north"
    again = find_study(environment, "Load of the north")
    assert again == renamed
    assert (again.uuid, again.optuna_name) == (handle.uuid, handle.optuna_name)
    assert open_study(again).user_attrs["uuid"] == handle.uuid


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_rename_study_refuses_a_bad_name(handle, environment, name):
    with pytest.raises(ConfigError, match="1 to 80 characters"):
        rename_study(handle, name)
    assert find_study(environment, handle.uuid) == handle


def test_archive_and_unarchive(handle):
    archive_study(handle)
    assert read_control(handle).archived
    assert read_control(handle).wish == "run"
    unarchive_study(handle)
    assert not read_control(handle).archived


def test_delete_study_removes_everything(make_study, environment):
    kept, gone = make_study(), make_study()
    delete_study(gone)
    assert list_studies(environment) == (kept,)
    assert not gone.folder.exists()
    assert optuna_names(environment) == [kept.optuna_name]
    assert list((environment.studies_dir / ".trash").iterdir()) == []


@pytest.mark.case("S11", "deleted on the page while it runs")
def test_delete_study_refused_under_a_supervisor(handle, environment):
    with try_lock(handle.folder / SUPERVISOR_LOCK):
        with pytest.raises(UserInputError, match="'Power' is still running"):
            delete_study(handle)
    assert list_studies(environment) == (handle,)


@pytest.mark.case("S11", "deleted while a worker lives")
def test_delete_study_refused_while_a_worker_lives(handle, study, environment):
    claim_trial(handle, study, current_owner())
    with pytest.raises(UserInputError, match="Stop it and wait"):
        delete_study(handle)
    assert list_studies(environment) == (handle,)
    assert study.trials[0].state == TrialState.RUNNING


def test_delete_study_refused_while_another_machine_works(handle, study):
    claim_trial(handle, study, replace(current_owner(), host="another-machine"))
    with pytest.raises(UserInputError, match="still running"):
        delete_study(handle)


def test_delete_study_whose_worker_was_killed(handle, study, environment):
    claim_trial(handle, study, replace(current_owner(), boot_id="earlier"))
    delete_study(handle)
    assert list_studies(environment) == ()


def test_delete_study_without_its_storage(handle, environment):
    sqlite_path(environment.storage_url).unlink()
    delete_study(handle)
    assert list_studies(environment) == ()


@pytest.mark.case("S11", "claim after the deletion")
def test_a_deleted_study_does_not_come_back(handle, study):
    """A worker that joined by hand goes on asking after the deletion."""
    delete_study(handle)
    with pytest.raises(StudyCorrupted, match="it was deleted"):
        claim_trial(handle, study, current_owner())
    with pytest.raises(StudyCorrupted, match="it was deleted"):
        wish(handle, "run")
    with pytest.raises(StudyCorrupted, match="it was deleted"):
        delete_study(handle)
    assert not handle.folder.exists()


def test_a_study_does_not_need_a_calendar_or_time(environment, settings):
    counted = pd.DataFrame({"load": np.arange(120.0)})
    handle = create_study(environment, settings, counted)
    assert isinstance(load_panel_series(handle).index, pd.RangeIndex)


def test_create_study_with_one_line_fixed(make_study, settings):
    space = settings.space.with_line(Line("units", choices=(32,)))
    handle = make_study(space=space)
    queue = [trial.system_attrs["fixed_params"] for trial in open_study(handle).trials]
    assert all("units" not in params for params in queue)
