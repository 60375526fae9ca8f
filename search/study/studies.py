"""Create, find, list, rename, archive and delete studies."""

import logging
import shutil
import uuid as uuids
from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import replace

import optuna
import pandas as pd
from optuna.trial import TrialState

from search.config import Cell, Environment
from search.data.groups.frame import group_frame
from search.data.groups.record import GroupRows
from search.data.snapshot import load_snapshot, save_series
from search.disk import check_room
from search.errors import StudyCorrupted, UserInputError
from search.evaluation.group_splits import confirm_samples
from search.evaluation.panel import make_panel
from search.evaluation.samples import SamplePlan
from search.evaluation.splits import confirm_folds
from search.locks import try_lock
from search.space.lines import Space, Value
from search.space.loss_targets import check_loss_targets
from search.space.starting import starting_configurations
from search.study.control import set_archived
from search.study.folders import (
    CONTROL_LOCK,
    SUBFOLDERS,
    SUPERVISOR_LOCK,
    StudyDocument,
    StudyHandle,
    folder_lock,
    gone,
    is_copy,
    load_document,
    open_folder,
    package_versions,
    save_document,
    utc_now,
)
from search.study.optuna_study import (
    claim_lock,
    optuna_study_id,
    writable_study,
)
from search.study.settings import StudySettings
from search.study.storage.batching import UUID_ATTRIBUTE, batching_storage
from search.study.storage.opening import (
    call_storage,
    open_storage,
    prepare_storage,
    readable_errors,
)
from search.study.storage.places import check_places
from search.study.trials.owners import is_alive, read_owner

__all__ = [
    "archive_study",
    "create_study",
    "delete_study",
    "find_study",
    "list_studies",
    "load_panel_series",
    "optuna_study_id",
    "rename_study",
    "unarchive_study",
    "unreadable_studies",
]

TRASH_FOLDER = ".trash"
_NEW_PREFIX = ".new-"

_logger = logging.getLogger(__name__)


def create_study(
    environment: Environment,
    settings: StudySettings,
    series: pd.DataFrame,
    groups: GroupRows | None = None,
) -> StudyHandle:
    """Create a study; nothing runs until it is started.

    The study appears complete or not at all: its folder is filled under a hidden name
    and renamed last. Its queue holds the configurations of `settings.enqueue`, then
    the textbook configuration of each cell.

    Parameters
    ----------
    series
        The values: a series, or the rows of `groups`.
    groups
        The group of each row, as `build_groups` returns it; None for a series.

    Raises
    ------
    ConfigError
        If the data are too short for the settings, or a setting is beyond what a
        new study may have, or the folder or storage cannot be written.
    SeriesError
        If the series lacks a column or holds a value that is not a finite number, or
        that the loss cannot be taken of.
    UserInputError
        If there is too little space on the disk.
    StudyCorrupted
        If the storage cannot be used.
    """
    settings.check_new()
    check_places(environment)
    check_room(environment.studies_dir, "a new study")
    _check_data(settings, series, groups)
    uuid = uuids.uuid4().hex
    environment.studies_dir.mkdir(parents=True, exist_ok=True)
    folder = environment.studies_dir / f"{_NEW_PREFIX}{uuid}"
    folder.mkdir()
    try:
        for name in SUBFOLDERS:
            (folder / name).mkdir()
        document = StudyDocument(
            uuid=uuid,
            created=utc_now(),
            optuna_name=f"{settings.name.strip()} [{uuid[:8]}]",
            data_sha256=save_series(folder, series, groups),
            n_rows=len(series),
            settings=settings,
            versions=package_versions(),
        )
        save_document(folder, document)
        _create_optuna_study(environment, document)
        folder.rename(environment.studies_dir / uuid)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return open_folder(environment, environment.studies_dir / uuid)


def find_study(environment: Environment, reference: str) -> StudyHandle:
    """Return the study with this uuid, unique beginning of a uuid, or exact name.

    Raises
    ------
    UserInputError
        If there is none, or more than one.
    StudyCorrupted
        If the uuid is given in full and the study cannot be read.
    """
    wanted = reference.strip()
    if wanted and wanted in _folders(environment):
        return open_folder(environment, environment.studies_dir / wanted)
    studies = list_studies(environment)
    found = [study for study in studies if study.settings.name.strip() == wanted]
    if not found and wanted:
        found = [study for study in studies if study.uuid.startswith(wanted.lower())]
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(study.uuid[:8] for study in found)
        raise UserInputError(
            f"{len(found)} studies match {reference!r}: {shown}. Give more of the id."
        )
    raise UserInputError(
        f"There is no study {reference!r} in {environment.studies_dir}. "
        "`python -m search list` shows the studies."
    )


def list_studies(environment: Environment) -> tuple[StudyHandle, ...]:
    """Return all readable studies, the newest first; archived ones too."""
    handles = []
    for name in _folders(environment):
        with suppress(StudyCorrupted):
            handles.append(open_folder(environment, environment.studies_dir / name))
    handles.sort(key=lambda handle: (handle.created, handle.uuid), reverse=True)
    return tuple(handles)


def unreadable_studies(environment: Environment) -> dict[str, str]:
    """Return the reason for each folder that should be a study and cannot be read."""
    reasons = {}
    for name in _folders(environment):
        try:
            open_folder(environment, environment.studies_dir / name)
        except StudyCorrupted as error:
            reasons[name] = str(error)
    return reasons


def rename_study(handle: StudyHandle, name: str) -> StudyHandle:
    """Change the label; folder, uuid and the name in Optuna stay.

    Raises
    ------
    ConfigError
        If the name has not 1 to 80 characters.
    """
    settings = replace(handle.settings, name=name.strip())
    with folder_lock(handle, CONTROL_LOCK):
        document = load_document(handle.folder)
        save_document(handle.folder, replace(document, settings=settings))
    return replace(handle, settings=settings)


def archive_study(handle: StudyHandle) -> None:
    """Hide the study from lists; everything stays."""
    set_archived(handle, True)


def unarchive_study(handle: StudyHandle) -> None:
    """Show an archived study again."""
    set_archived(handle, False)


def delete_study(handle: StudyHandle) -> None:
    """Remove the study and everything it found; refused while it is alive.

    Of a copy only the folder goes: the study belongs to another host. The folder moves
    to the trash first, so a fault in between leaves no half study.

    Raises
    ------
    UserInputError
        If a supervisor or a worker still works on it.
    StudyCorrupted
        If it was deleted already.
    """
    try:
        supervisor = try_lock(handle.folder / SUPERVISOR_LOCK)
    except FileNotFoundError as error:
        raise gone(handle) from error
    if supervisor is None:
        raise UserInputError(_alive(handle))
    trash = handle.environment.studies_dir / TRASH_FOLDER
    if is_copy(handle):
        with supervisor:
            shutil.rmtree(handle.folder, ignore_errors=True)
        return
    with supervisor, ExitStack() as opened:
        study = _open_if_there(handle, opened)
        trash.mkdir(exist_ok=True)
        with claim_lock(handle), _changes(handle, study):
            if study is not None and _has_living_worker(study):
                raise UserInputError(_alive(handle))
            handle.folder.rename(trash / handle.uuid)
            if study is not None:
                optuna.delete_study(
                    study_name=handle.optuna_name, storage=study._storage
                )
    shutil.rmtree(trash / handle.uuid, ignore_errors=True)


def load_panel_series(handle: StudyHandle) -> pd.DataFrame:
    """Return the series of the study, checked against its digest.

    Where it has groups they are a column, and the times of their rows the index; see
    `search.data.groups.frame`.

    Raises
    ------
    StudyCorrupted
        If the snapshot is absent or was changed.
    """
    snapshot = load_snapshot(handle.folder, handle.data_sha256)
    if snapshot.groups is None:
        return snapshot.values
    return group_frame(snapshot.values, snapshot.groups, handle.settings.roles)


def first_configurations(settings: StudySettings) -> list[dict[str, Value]]:
    """Return what is tried first: the user's wishes, then textbook and variants.

    A configuration without a cell gets one by turns, so that each trial has one.
    """
    wishes = _with_cells(settings.enqueue, settings.space)
    starts = starting_configurations(settings.space, settings.budget.trials)
    return [*wishes, *(params for params in starts if params not in wishes)]


def _with_cells(
    configurations: Iterable[dict[str, Value]], space: Space
) -> list[dict[str, Value]]:
    cells: tuple[Cell, ...] = space.cells
    if space["cell"].is_fixed:
        return [dict(params) for params in configurations]
    return [
        {"cell": cells[turn % len(cells)], **params}
        for turn, params in enumerate(configurations)
    ]


def _check_data(
    settings: StudySettings, series: pd.DataFrame, groups: GroupRows | None
) -> None:
    """Refuse data that are too short, have bad values or do not fit the losses."""
    roles, task = settings.roles, settings.task
    if groups is None and task.kind == "forecasting":
        confirm_folds(settings.plan(len(series)))
        panel = make_panel(series, roles)
    else:
        frame = series if groups is None else group_frame(series, groups, roles)
        panel = make_panel(frame, roles, kind=task.kind)
        plan = settings.plan_of(panel)
        if isinstance(plan, SamplePlan):
            confirm_samples(
                panel,
                task,
                first_origin=plan.first_origin,
                seed=settings.training.seed,
            )
        else:
            confirm_folds(plan)
    check_loss_targets(settings.space, panel, roles.targets)


def _folders(environment: Environment) -> list[str]:
    if not environment.studies_dir.is_dir():
        return []
    return sorted(
        path.name
        for path in environment.studies_dir.iterdir()
        if path.is_dir() and not path.name.startswith((".", "_"))
    )


def _create_optuna_study(environment: Environment, document: StudyDocument) -> None:
    url = environment.storage_url
    prepare_storage(url)
    storage = open_storage(url)

    def create() -> None:
        # Repeated after a fault in between, it takes up what the first try left.
        study = optuna.create_study(
            storage=storage, study_name=document.optuna_name, load_if_exists=True
        )
        study.set_user_attr(UUID_ATTRIBUTE, document.uuid)
        n_queued = len(study.get_trials(deepcopy=False))
        n_asked = len(document.settings.enqueue)
        first = first_configurations(document.settings)
        for place, params in enumerate(first[n_queued:], n_queued):
            asked = {"is_asked": True} if place < n_asked else None
            study.enqueue_trial(params, user_attrs=asked)

    with readable_errors(url):
        call_storage(create)
    storage.engine.dispose()


def _open_if_there(handle: StudyHandle, opened: ExitStack) -> optuna.Study | None:
    try:
        return opened.enter_context(writable_study(handle))
    except StudyCorrupted as error:
        _logger.warning("Study %s is removed without storage: %s", handle.uuid, error)
        return None


def _changes(
    handle: StudyHandle, study: optuna.Study | None
) -> AbstractContextManager[None]:
    if study is None:
        return nullcontext()
    return batching_storage(study).together()


def _has_living_worker(study: optuna.Study) -> bool:
    """Return whether a running trial has an owner that is not known to be dead."""
    running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    owners = [read_owner(trial.user_attrs.get("owner")) for trial in running]
    return any(owner is not None and is_alive(owner) is not False for owner in owners)


def _alive(handle: StudyHandle) -> str:
    return (
        f"The study {handle.settings.name!r} is still running. Stop it and wait until "
        "its workers have ended, then delete it."
    )
