"""Hosts that share no folder: two studies folders meet in a storage and a place."""

import io
import os
import socket
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from optuna.artifacts import FileSystemArtifactStore

from search.config import Budget, Environment
from search.errors import ConfigError, StudyCorrupted, UserInputError
from search.jobs.hosts import tell_hosts
from search.jobs.launch import ensure_running, pause_study
from search.jobs.supervisor import supervise
from search.study import parcels
from search.study.control import (
    StateRecord,
    needs_supervisor,
    read_control,
    read_state,
    set_budget,
    wish,
    write_state,
)
from search.study.copies import (
    copy_sentence,
    join_study,
    offer_study,
    publish_wishes,
    take_wishes,
    withdraw_study,
)
from search.study.folders import COPY_FILE, is_copy
from search.study.optuna_study import open_study
from search.study.parcels import Receiver, Sender
from search.study.storage import artifacts
from search.study.storage.artifacts import Artifacts, open_artifacts
from search.study.studies import delete_study, list_studies, load_panel_series
from search.study.trials.claims import claim_trial, current_owner, finish_trial
from search.study.trials.curves import CurveWriter, EpochPoint, curve_path, read_curve
from search.study.trials.outcomes import TrialRecord
from search.study.trials.spool import SpoolEntry, read_entry, spool_path, write_entry

RECORD = TrialRecord("complete", 2.5, (2.0, 3.0), 4, 6, 4321, 1.5, 3.25)


@pytest.fixture
def place_folder(tmp_path):
    folder = tmp_path / "place"
    folder.mkdir()
    return folder


@pytest.fixture
def environment(environment, place_folder):
    return replace(environment, artifacts=str(place_folder))


@pytest.fixture
def place(environment) -> Artifacts:
    place = open_artifacts(environment)
    assert place is not None
    return place


@pytest.fixture
def elsewhere(environment, tmp_path) -> Environment:
    """Another host: the same storage and place, a studies folder of its own."""
    return replace(environment, studies_dir=tmp_path / "elsewhere")


@pytest.fixture
def copy(handle, study, place, elsewhere):
    offer_study(handle, study, place)
    publish_wishes(handle, study, {})
    return join_study(elsewhere, handle.uuid[:8])


def test_a_copy_has_the_settings_the_series_and_the_wishes(handle, copy, elsewhere):
    assert copy.folder == elsewhere.studies_dir / handle.uuid
    assert is_copy(copy)
    assert not is_copy(handle)
    assert copy.settings == handle.settings
    assert load_panel_series(copy).equals(load_panel_series(handle))
    assert read_control(copy).wish == "run"
    assert join_study(elsewhere, handle.uuid[:8]) == copy
    assert join_study(elsewhere, handle.settings.name) == copy
    assert [path.name for path in elsewhere.studies_dir.glob(".*")] == []


def test_a_copy_is_found_by_the_name_of_the_study(handle, study, place, elsewhere):
    offer_study(handle, study, place)
    assert join_study(elsewhere, handle.settings.name).uuid == handle.uuid


def test_trials_of_both_hosts_count_together(handle, study, copy):
    set_budget(handle, Budget(trials=2))
    publish_wishes(handle, study, {})
    theirs = open_study(copy)
    take_wishes(copy, theirs)
    owner = replace(current_owner(), host="elsewhere")
    first = claim_trial(copy, theirs, owner)
    second = claim_trial(handle, study, current_owner())
    assert claim_trial(copy, theirs, replace(owner, pid=1)).reason == "wait"
    assert finish_trial(copy, theirs, first.trial.number, RECORD, owner=owner)
    mine = current_owner()
    assert finish_trial(handle, study, second.trial.number, RECORD, owner=mine)
    assert claim_trial(copy, theirs, owner).reason == "budget"


def test_wishes_and_the_used_time_reach_the_copy(handle, study, copy):
    theirs = open_study(copy)
    set_budget(handle, Budget(trials=None, seconds=60))
    write_state(handle, StateRecord("searching", seconds_used=60.2))
    known = publish_wishes(handle, study, {})
    take_wishes(copy, theirs)
    assert claim_trial(copy, theirs, current_owner()).reason == "budget"
    wish(handle, "pause")
    known = publish_wishes(handle, study, known)
    take_wishes(copy, theirs)
    assert claim_trial(copy, theirs, current_owner()).reason == "wish"
    assert publish_wishes(handle, study, known) == known


def test_a_copy_is_neither_steered_nor_supervised(handle, study, copy, elsewhere):
    for change in (lambda: wish(copy, "stop"), lambda: pause_study(copy)):
        with pytest.raises(UserInputError, match="belongs to another host"):
            change()
    assert supervise(copy) == "elsewhere"
    assert not needs_supervisor(copy)
    assert ensure_running(elsewhere) == ()
    write_state(handle, StateRecord("searching"))
    publish_wishes(handle, study, {})
    take_wishes(copy, open_study(copy))
    assert read_state(copy).state == "searching"


def test_a_copy_says_what_it_is_and_how_the_original_stands(handle, study, copy):
    write_state(handle, StateRecord("searching"))
    publish_wishes(handle, study, {})
    take_wishes(copy, open_study(copy))
    assert f"for the host {socket.gethostname()}" in copy_sentence(copy)
    assert "was searching when" in copy_sentence(copy)
    assert copy_sentence(handle) == ""

    # No worker of the other host is left when the original ends.
    write_state(handle, StateRecord("finished"))
    tell_hosts(handle)
    sentence = copy_sentence(copy)
    assert "was finished when this host last heard of it" in sentence
    assert f"({datetime.now(UTC):%Y-%m-%d}" in sentence
    assert read_state(copy).state == "finished"


def test_a_copy_says_what_it_heard_last_while_the_storage_is_away(
    handle, study, copy, environment
):
    write_state(handle, StateRecord("refitting"))
    publish_wishes(handle, study, {})
    assert "was refitting" in copy_sentence(copy)
    os.utime(copy.folder / COPY_FILE, (0, 0))
    (environment.studies_dir / "optuna.db").unlink()
    assert "was refitting" in copy_sentence(copy)
    assert "(1970-01-01 00:00 UTC)" in copy_sentence(copy)


def test_deleting_a_copy_leaves_the_study(handle, copy, environment, elsewhere):
    delete_study(copy)
    assert list_studies(elsewhere) == ()
    assert list_studies(environment) == (handle,)
    assert len(open_study(handle).trials) > 0


def test_join_says_what_is_missing(handle, study, place, elsewhere):
    with pytest.raises(UserInputError, match="is not offered to other hosts"):
        join_study(elsewhere, handle.uuid)
    with pytest.raises(UserInputError, match="no study that 'nothing' names"):
        join_study(elsewhere, "nothing")
    offer_study(handle, study, place)
    withdraw_study(handle, study, place)
    with pytest.raises(UserInputError, match="is not offered"):
        join_study(elsewhere, handle.uuid)
    alone = replace(elsewhere, artifacts=None)
    with pytest.raises(UserInputError, match="There is no study"):
        join_study(alone, handle.uuid)


def test_join_takes_no_path_from_the_storage(handle, study, place, elsewhere):
    offer_study(handle, study, place)
    study.set_user_attr("uuid", "../../outside")
    with pytest.raises(UserInputError, match="no study"):
        join_study(elsewhere, "../../outside")
    assert not elsewhere.studies_dir.exists()


def test_join_refuses_what_is_not_whole(handle, study, place, place_folder, elsewhere):
    offer_study(handle, study, place)
    [path] = place_folder.glob("*data.parquet")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(StudyCorrupted, match=r"data\.parquet .* is not whole"):
        join_study(elsewhere, handle.uuid)
    assert list(elsewhere.studies_dir.iterdir()) == []
    offer_study(handle, study, place)
    assert join_study(elsewhere, handle.uuid).uuid == handle.uuid


def test_curves_and_untold_results_come_back(
    handle, study, copy, place, place_folder, monkeypatch
):
    theirs, owner = open_study(copy), replace(current_owner(), host="elsewhere")
    number = claim_trial(copy, theirs, owner).trial.number
    sender, receiver = Sender(copy, place), Receiver(handle, place)
    writer = CurveWriter(copy.folder, number)
    writer.write_epoch(EpochPoint(1, (1.0,), (2.0,), 2.0, 0.1))
    entry = SpoolEntry(handle.uuid, number, owner, RECORD)
    write_entry(copy, entry)
    sender.send()
    receiver.receive()
    assert len(read_curve(handle.folder, number)) == 1
    assert read_entry(spool_path(handle, number)) == entry
    writer.write_epoch(EpochPoint(2, (0.5,), (1.5,), 1.5, 0.1))
    assert finish_trial(copy, theirs, number, RECORD, owner=owner)
    sender.send()
    receiver.receive()
    assert len(read_curve(handle.folder, number)) == 2
    monkeypatch.setattr(parcels, "LATE_SECONDS", -1.0)
    receiver.receive()
    assert not list(place_folder.glob("*curve*")) + list(place_folder.glob("*result*"))


def test_a_sender_sends_only_what_is_new(copy, place):
    CurveWriter(copy.folder, 0).write_epoch(EpochPoint(1, (1.0,), (2.0,), 2.0, 0.1))
    sent: list[str] = []
    place.put = lambda name, content: sent.append(name)
    sender = Sender(copy, place)
    writer = CurveWriter(copy.folder, 1)
    writer.write_epoch(EpochPoint(1, (1.0,), (2.0,), 2.0, 0.1))
    sender.send()
    sender.send()
    assert sent == [f"{copy.uuid}-curve-1.jsonl"]
    assert curve_path(copy.folder, 0).exists()


def test_without_a_setting_there_is_no_place(environment):
    assert open_artifacts(replace(environment, artifacts=None)) is None


def test_a_folder_that_is_not_there_is_never_made(environment, tmp_path):
    """A share that is not mounted would otherwise be an empty folder of this host."""
    absent = tmp_path / "absent"
    with pytest.raises(ConfigError, match="Is the share mounted"):
        open_artifacts(replace(environment, artifacts=str(absent)))
    assert not absent.exists()


class Bucket:
    """The part of an S3 client that Optuna's store uses."""

    def __init__(self, **options: object) -> None:
        self.options = options
        self.content: dict[tuple[str, str], bytes] = {}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, object]:  # noqa: N803
        return {"Body": io.BytesIO(self.content[Bucket, Key])}

    def upload_fileobj(self, file, bucket: str, key: str) -> None:
        self.content[bucket, key] = file.read()

    def delete_object(self, *, Bucket: str, Key: str) -> None:  # noqa: N803
        self.content.pop((Bucket, Key), None)


class BucketStore(FileSystemArtifactStore):
    """Optuna's store for buckets, which takes a package that tests do without."""

    def __init__(self, bucket: str, *, client: Bucket) -> None:
        self._bucket, self._client = bucket, client

    def open_reader(self, artifact_id):
        return self._client.get_object(Bucket=self._bucket, Key=artifact_id)["Body"]

    def write(self, artifact_id, content_body):
        self._client.upload_fileobj(content_body, self._bucket, artifact_id)

    def remove(self, artifact_id):
        self._client.delete_object(Bucket=self._bucket, Key=artifact_id)


def test_a_bucket_with_prefix_and_endpoint(environment, monkeypatch):
    clients: list[Bucket] = []

    def client(service: str, *, endpoint_url: str | None) -> Bucket:
        clients.append(Bucket(service=service, endpoint=endpoint_url))
        return clients[-1]

    boto3 = SimpleNamespace(client=client)
    monkeypatch.setitem(__import__("sys").modules, "boto3", boto3)
    monkeypatch.setattr(artifacts, "Boto3ArtifactStore", BucketStore)
    address = "s3://power/studies/one/?endpoint=http://minio:9000"
    place = open_artifacts(replace(environment, artifacts=address))
    place.put("a.json", b"content")
    assert place.get("a.json") == b"content"
    [bucket] = clients
    assert bucket.options == {"service": "s3", "endpoint": "http://minio:9000"}
    assert list(bucket.content) == [("power", "studies/one/a.json")]
    place.remove("a.json")
    assert bucket.content == {}


def test_a_bucket_needs_its_package_and_a_name(environment, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "boto3", None)
    with pytest.raises(ConfigError, match="pip install boto3"):
        open_artifacts(replace(environment, artifacts="s3://power"))
    with pytest.raises(ConfigError, match="must name a bucket"):
        open_artifacts(replace(environment, artifacts="s3:///studies"))
