"""Copies of a study on hosts that do not have its folder.

Hosts meet in two places: the storage, on a database server, and the artifact
location. The host of the supervisor offers settings and series there by their digest,
and writes wishes and state into attributes of the Optuna study. A worker elsewhere
makes a copy of the folder from them, keeps its wishes up to date, and sends learning
curves and results that it could not tell back. A copy is only worked on: it is
steered, supervised and refitted where its original is.
"""

import hashlib
import logging
import os
import re
import shutil
import socket
import tempfile
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import optuna

from search.config import Environment
from search.data.snapshot import DATA_FILE
from search.errors import StudyCorrupted, UserInputError
from search.files import write_bytes, write_json
from search.study.control import (
    CONTROL_FILE,
    STATE_FILE,
    read_control,
    written_state,
)
from search.study.folders import (
    COPY_FILE,
    STUDY_FILE,
    SUBFOLDERS,
    StudyHandle,
    is_copy,
    open_folder,
)
from search.study.optuna_study import read_study
from search.study.storage.artifacts import Artifacts, open_artifacts
from search.study.storage.batching import UUID_ATTRIBUTE, batching_storage
from search.study.storage.opening import (
    cached_reader,
    call_storage,
    open_storage,
    readable_errors,
)
from search.study.storage.trial_rows import study_attribute
from search.study.studies import find_study

OFFER_ATTRIBUTE = "offer"
WISHES_ATTRIBUTE = "wishes"
_STATE_ATTRIBUTE = "state"
_SHORTEST_REFERENCE = 4
# It becomes the name of a folder.
_UUID = re.compile(r"[0-9a-f]{32}")

logger = logging.getLogger(__name__)


def offer_study(handle: StudyHandle, study: optuna.Study, place: Artifacts) -> None:
    """Put settings and series where other hosts find them; twice is harmless."""
    offer = {}
    for name in (STUDY_FILE, DATA_FILE):
        content = (handle.folder / name).read_bytes()
        offer[name] = hashlib.sha256(content).hexdigest()
        if place.get(_offer_name(handle.uuid, name, offer[name])) != content:
            place.put(_offer_name(handle.uuid, name, offer[name]), content)
    _set_attribute(study, OFFER_ATTRIBUTE, {**offer, "host": socket.gethostname()})


def withdraw_study(handle: StudyHandle, study: optuna.Study, place: Artifacts) -> None:
    """Remove what `offer_study` put there; copies that were made can go on."""
    offer = study.user_attrs.get(OFFER_ATTRIBUTE, {})
    _set_attribute(study, OFFER_ATTRIBUTE, {})
    for name in (STUDY_FILE, DATA_FILE):
        if name in offer:
            place.remove(_offer_name(handle.uuid, name, offer[name]))


def publish_wishes(
    handle: StudyHandle, study: optuna.Study, last: dict[str, Any]
) -> dict[str, Any]:
    """Write wishes and state into the storage, if they differ from `last`.

    Returns
    -------
    What is written there now, to be given back at the next call.
    """
    # The history is for people, and of the state only what workers obey.
    control = replace(read_control(handle), history=())
    state = written_state(handle)
    known: dict[str, Any] = {"control": msgspec.to_builtins(control)}
    if state is not None:
        has_limit = control.budget.seconds is not None
        seconds = round(state.seconds_used) if has_limit else 0.0
        obeyed = replace(
            state, seconds_used=seconds, workers=(), refit_seconds=0.0, updated=""
        )
        known[_STATE_ATTRIBUTE] = msgspec.to_builtins(obeyed)
    if known != last:
        _set_attribute(study, WISHES_ATTRIBUTE, known)
    return known


def take_wishes(handle: StudyHandle, study: optuna.Study) -> None:
    """Write the wishes and the state of the original into the folder of a copy.

    Raises
    ------
    StudyCorrupted
        If the study is no longer in the storage.
    """
    attributes = _attributes(study)
    if attributes.get(UUID_ATTRIBUTE) == handle.uuid:
        _write_wishes(handle.folder, attributes.get(WISHES_ATTRIBUTE, {}))
        _note_exchange(handle)


def copy_sentence(handle: StudyHandle) -> str:
    """Return that this is a copy, and how its original is; nothing for an original.

    The storage is asked first, so that the end of the original is known here although
    no worker of this host runs any more. While it is out of reach, what was heard last
    counts.
    """
    if not is_copy(handle):
        return ""
    _ask_original(handle)
    state = written_state(handle)
    word = state.state if state is not None else "waiting"
    copy = handle.folder / COPY_FILE
    heard = datetime.fromtimestamp(copy.stat().st_mtime, UTC)
    try:
        host = str(msgspec.json.decode(copy.read_bytes())["host"])
    except (msgspec.MsgspecError, KeyError, TypeError):
        host = "of its original"
    return (
        f"This is a copy, made to work for the host {host}. There the study was "
        f"{word} when this host last heard of it ({heard:%Y-%m-%d %H:%M} UTC). Steer "
        "it, compare its winners and download them there."
    )


def _ask_original(handle: StudyHandle) -> None:
    """Take wishes and state from the storage as a reader, if it answers."""
    try:
        study_id = read_study(handle)._study_id
        storage = cached_reader(handle.environment.storage_url)
        with (
            readable_errors(handle.environment.storage_url),
            storage.engine.connect() as connection,
        ):
            if study_attribute(connection, study_id, UUID_ATTRIBUTE) != handle.uuid:
                return
            wishes = study_attribute(connection, study_id, WISHES_ATTRIBUTE)
        _write_wishes(handle.folder, wishes or {})
        _note_exchange(handle)
    except (StudyCorrupted, OSError) as error:
        logger.info("Study %s: nothing heard of it: %s", handle.uuid, error)


def _note_exchange(handle: StudyHandle) -> None:
    """Keep when the original was last heard of: the time of the file of the copy."""
    with suppress(FileNotFoundError):
        os.utime(handle.folder / COPY_FILE)


def join_study(environment: Environment, reference: str) -> StudyHandle:
    """Return the study to work on; a copy of it is made where there is none.

    Raises
    ------
    UserInputError
        If there is no such study, or its host does not offer it.
    StudyCorrupted
        If the storage or what is offered cannot be used.
    """
    try:
        return find_study(environment, reference)
    except UserInputError:
        place = open_artifacts(environment)
        if place is None:
            raise
        return _copy_study(environment, reference.strip(), place)


def _copy_study(
    environment: Environment, reference: str, place: Artifacts
) -> StudyHandle:
    attributes = _find_offer(environment, reference)
    uuid, offer = attributes[UUID_ATTRIBUTE], attributes[OFFER_ATTRIBUTE]
    environment.studies_dir.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".new-", dir=environment.studies_dir))
    try:
        for name in SUBFOLDERS:
            (folder / name).mkdir()
        for name in (STUDY_FILE, DATA_FILE):
            content = place.get(_offer_name(uuid, name, offer[name]))
            if content is None or hashlib.sha256(content).hexdigest() != offer[name]:
                raise StudyCorrupted(
                    f"{name} of the study {reference!r} is not whole in the artifact "
                    "location. Pause and resume the study on its own host."
                )
            write_bytes(folder / name, content)
        _write_wishes(folder, attributes.get(WISHES_ATTRIBUTE, {}))
        write_json(folder / COPY_FILE, {"host": offer["host"]})
        folder.chmod(0o755)
        try:
            folder.rename(environment.studies_dir / uuid)
        except OSError:
            # Another worker of this host was first.
            if not (environment.studies_dir / uuid).is_dir():
                raise
        return open_folder(environment, environment.studies_dir / uuid)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _find_offer(environment: Environment, reference: str) -> dict[str, Any]:
    storage = open_storage(environment.storage_url)
    studies = call_storage(storage.get_all_studies)
    storage.engine.dispose()
    found = []
    for study in studies:
        uuid = str(study.user_attrs.get(UUID_ATTRIBUTE, ""))
        is_named = study.study_name == f"{reference} [{uuid[:8]}]"
        is_meant = len(reference) >= _SHORTEST_REFERENCE and uuid.startswith(reference)
        if _UUID.fullmatch(uuid) and (is_named or is_meant):
            found.append(study)
    if len(found) != 1:
        count = "no study" if not found else f"{len(found)} studies"
        raise UserInputError(
            f"The storage has {count} that {reference!r} names. Give the id that "
            "`python -m search list` shows on the host of the study."
        )
    if not found[0].user_attrs.get(OFFER_ATTRIBUTE):
        raise UserInputError(
            f"The study {reference!r} is not offered to other hosts: it is while it "
            "searches, if STUDIES_ARTIFACTS is set on its own host too. Start it there."
        )
    attributes: dict[str, Any] = found[0].user_attrs
    return attributes


def _write_wishes(folder: Path, wishes: dict[str, Any]) -> None:
    """Write what changed; the worker reads these files several times a second."""
    names = {"control": CONTROL_FILE, _STATE_ATTRIBUTE: STATE_FILE}
    for key, name in names.items():
        path = folder / name
        if key not in wishes:
            continue
        content = msgspec.json.format(msgspec.json.encode(wishes[key]), indent=2)
        if not path.exists() or path.read_bytes() != content:
            write_bytes(path, content)


def _attributes(study: optuna.Study) -> dict[str, Any]:
    """Return the attributes of a study; may be called in any thread."""
    backend, study_id = batching_storage(study)._backend, study._study_id

    def read() -> dict[str, Any]:
        try:
            return backend.get_study_user_attrs(study_id)
        except KeyError as error:
            raise StudyCorrupted("The study was deleted.") from error

    return call_storage(read, patience=0.0)


def _set_attribute(study: optuna.Study, name: str, value: dict[str, Any]) -> None:
    """Write an attribute of a study; may be called in any thread."""
    backend, study_id = batching_storage(study)._backend, study._study_id
    call_storage(
        lambda: backend.set_study_user_attr(study_id, name, value), patience=0.0
    )


def _offer_name(uuid: str, name: str, digest: str) -> str:
    return f"{uuid}-{digest[:16]}-{name}"
