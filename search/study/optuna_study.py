"""The Optuna study behind a study, opened for writing or for reading.

SQLite gives the id of a deleted study to the next one, so a process that is late could
write into somebody else's study. Hence the Optuna study carries the uuid of ours, and
it is checked wherever it matters.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import optuna
from optuna.distributions import check_distribution_compatibility
from optuna.pruners import BasePruner
from optuna.storages import BaseStorage

from search.errors import StudyCorrupted
from search.study.folders import CLAIM_LOCK, STUDY_FILE, StudyHandle, folder_lock
from search.study.storage.batching import UUID_ATTRIBUTE, BatchingStorage
from search.study.storage.opening import (
    cached_reader,
    call_storage,
    open_storage,
    readable_errors,
)
from search.study.trials.pruning import make_pruner


def open_study(handle: StudyHandle) -> optuna.Study:
    """Return the Optuna study for a supervisor or worker, with the study's pruner.

    Raises
    ------
    StudyCorrupted
        If the storage is missing or damaged, the study is not in it, or its search
        space is not the one that its trials were drawn from.
    """
    training = handle.settings.training
    storage = open_storage(handle.environment.storage_url)
    batching = BatchingStorage(storage, uuid=handle.uuid)
    study = call_storage(
        lambda: _load(handle, batching, make_pruner(training.pruner, training))
    )
    call_storage(lambda: _check_space(handle, study))
    return study


@contextmanager
def writable_study(handle: StudyHandle) -> Iterator[optuna.Study]:
    """Open the Optuna study for a moment and close its connections afterwards.

    Raises
    ------
    StudyCorrupted
        If the storage is missing or damaged, or the study is not in it.
    """
    storage = open_storage(handle.environment.storage_url)
    batching = BatchingStorage(storage, uuid=handle.uuid)
    try:
        yield call_storage(lambda: _load(handle, batching, None))
    finally:
        storage.engine.dispose()


def read_study(handle: StudyHandle) -> optuna.Study:
    """Return the Optuna study for reading; it never makes a worker wait.

    Raises
    ------
    StudyCorrupted
        If the storage is missing or damaged, or the study is not in it.
    """
    with readable_errors(handle.environment.storage_url):
        return _load(handle, cached_reader(handle.environment.storage_url), None)


def check_uuid(handle: StudyHandle, study: optuna.Study) -> None:
    """Make sure that `study` is still the one of `handle`; asks the storage.

    Raises
    ------
    StudyCorrupted
        If it was deleted, or another study took over its id.
    """
    with _gone_on_key_error(handle):
        if study.user_attrs[UUID_ATTRIBUTE] != handle.uuid:
            raise KeyError(UUID_ATTRIBUTE)


@contextmanager
def claim_lock(handle: StudyHandle) -> Iterator[None]:
    """Hold the lock under which trials of the study are claimed and closed.

    The kernel frees it when its holder dies. It must not be taken twice by one
    process. It orders the processes of this machine; the block of
    `BatchingStorage.together` inside it takes the lock of a database server, which
    orders machines. So one process of a machine at a time waits at the server.

    Raises
    ------
    StudyCorrupted
        If the folder of the study is gone.
    """
    with folder_lock(handle, CLAIM_LOCK):
        yield


def optuna_study_id(handle: StudyHandle) -> int:
    """Return the id of the study for links into optuna-dashboard.

    Raises
    ------
    StudyCorrupted
        If the study is not in the storage.
    """
    url = handle.environment.storage_url
    with readable_errors(url), _gone_on_key_error(handle):
        return cached_reader(url).get_study_id_from_name(handle.optuna_name)


def _load(
    handle: StudyHandle, storage: BaseStorage, pruner: BasePruner | None
) -> optuna.Study:
    with _gone_on_key_error(handle):
        study = optuna.load_study(
            study_name=handle.optuna_name, storage=storage, pruner=pruner
        )
    check_uuid(handle, study)
    return study


def _check_space(handle: StudyHandle, study: optuna.Study) -> None:
    """Refuse a changed space before the first trial: Optuna would fail each of them."""
    trials = study.get_trials(deepcopy=False)
    drawn = next((one.distributions for one in trials if one.distributions), {})
    space = handle.settings.space
    wanted = optuna.trial.FixedTrial({one.name: one.values[0] for one in space.lines})
    space.suggest(wanted)
    for name, distribution in drawn.items():
        if name not in wanted.distributions:
            continue  # fixed now
        try:
            check_distribution_compatibility(distribution, wanted.distributions[name])
        except ValueError as error:
            raise StudyCorrupted(
                f"`{name}` has other choices in {STUDY_FILE} than when the search "
                f"began ({space[name].words} now). Put them back, or make a new study "
                "with these settings; a running one can be narrowed."
            ) from error


@contextmanager
def _gone_on_key_error(handle: StudyHandle) -> Iterator[None]:
    """Optuna raises KeyError where a study or trial does not exist."""
    try:
        yield
    except KeyError as error:
        raise StudyCorrupted(
            f"The study {handle.settings.name!r} is no longer in the storage; it was "
            "deleted, or the storage was replaced."
        ) from error
