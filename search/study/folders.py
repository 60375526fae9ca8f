"""The folder of one study: `study.json` and where everything else lies.

::

    studies/<uuid>/
        study.json        settings, written once (the label may be renamed)
        data.parquet      the confirmed series
        control.json      what the user wishes
        state.json        what the supervisor does
        curves/           learning curves, one file a trial
        spool/            results on their way into the storage
        winners/<cell>/   the refitted winners
        logs/             what the processes wrote
        results.json      the comparison
        copy.json         only on a host that works for another one
"""

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from search.config import Cell, Environment
from search.errors import StudyCorrupted
from search.files import write_json
from search.locks import exclusive_lock
from search.space.earlier import current
from search.study.settings import SCHEMA_VERSION, StudySettings

STUDY_FILE = "study.json"
COPY_FILE = "copy.json"
SUPERVISOR_LOCK = "supervisor.lock"
CLAIM_LOCK = "claim.lock"
CONTROL_LOCK = "control.lock"
SUBFOLDERS = ("curves", "spool", "winners", "logs")
_PACKAGES = ("optuna", "tensorflow", "keras", "numpy", "pandas", "scikit-learn")


@dataclass(frozen=True)
class StudyHandle:
    """Everything that is fixed about a study, and where it lives.

    Attributes
    ----------
    uuid
        32 hexadecimal digits; also the name of the folder.
    folder
        Absolute path of the folder.
    environment
        Where the studies and their storage are.
    settings
        The settings; `settings.name` is the label of today.
    created
        Time of creation, ISO 8601 in UTC.
    optuna_name
        Name of the Optuna study; it stays when the label changes.
    data_sha256
        Digest of `data.parquet`.
    n_rows
        Rows of the series.
    """

    uuid: str
    folder: Path
    environment: Environment
    settings: StudySettings
    created: str
    optuna_name: str
    data_sha256: str
    n_rows: int


@dataclass(frozen=True)
class StudyDocument:
    """The content of `study.json`."""

    uuid: str
    created: str
    optuna_name: str
    data_sha256: str
    n_rows: int
    settings: StudySettings
    schema_version: int = SCHEMA_VERSION
    versions: dict[str, str] = field(default_factory=dict)


def utc_now() -> str:
    """Return the time now as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def package_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that shape a result."""
    versions = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def save_document(folder: Path, document: StudyDocument) -> None:
    """Write `study.json`."""
    write_json(folder / STUDY_FILE, document)


def load_document(folder: Path) -> StudyDocument:
    """Read `study.json`.

    Raises
    ------
    StudyCorrupted
        If the file is absent, damaged or written by a newer version.
    """
    path = folder / STUDY_FILE
    try:
        content = path.read_bytes()
        newest = msgspec.json.decode(content, type=_Schema).schema_version
        if newest > SCHEMA_VERSION:
            raise StudyCorrupted(
                f"{STUDY_FILE} was written by a newer version of this program "
                f"(schema {newest}, known up to {SCHEMA_VERSION}). Update it to open "
                "this study."
            )
        document = current(msgspec.json.decode(content))
        return msgspec.convert(document, StudyDocument)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StudyCorrupted(f"{STUDY_FILE} cannot be opened: {reason}.") from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise StudyCorrupted(f"{STUDY_FILE} is damaged: {error}.") from error


def open_folder(environment: Environment, folder: Path) -> StudyHandle:
    """Return the handle of the study in `folder`.

    Raises
    ------
    StudyCorrupted
        If `study.json` cannot be used or belongs to another folder.
    """
    document = load_document(folder)
    if document.uuid != folder.name:
        raise StudyCorrupted(
            f"{STUDY_FILE} belongs to the study {document.uuid}, not to the folder "
            f"{folder.name}."
        )
    return StudyHandle(
        uuid=document.uuid,
        folder=folder,
        environment=environment,
        settings=document.settings,
        created=document.created,
        optuna_name=document.optuna_name,
        data_sha256=document.data_sha256,
        n_rows=document.n_rows,
    )


def is_copy(handle: StudyHandle) -> bool:
    """Return whether the original of the study lies on another host."""
    return (handle.folder / COPY_FILE).exists()


@contextmanager
def folder_lock(handle: StudyHandle, name: str) -> Iterator[None]:
    """Hold the lock file `name` of a study, waiting for it if need be.

    Raises
    ------
    StudyCorrupted
        If the folder of the study is gone; it is never made again.
    """
    try:
        with exclusive_lock(handle.folder / name):
            yield
    except FileNotFoundError as error:
        if handle.folder.is_dir():
            raise
        raise gone(handle) from error


def gone(handle: StudyHandle) -> StudyCorrupted:
    """Return the error that says that the folder of the study was deleted."""
    return StudyCorrupted(
        f"The folder of the study {handle.settings.name!r} is gone; it was deleted."
    )


def winner_folder(handle: StudyHandle, cell: Cell) -> Path:
    """Return the folder of the refitted winner of `cell`; it may not exist yet."""
    return handle.folder / "winners" / cell


def log_path(handle: StudyHandle, name: str) -> Path:
    """Return the log file of one process, such as ``supervisor`` or ``worker-1``."""
    return handle.folder / "logs" / f"{name}.log"


@dataclass(frozen=True)
class _Schema:
    schema_version: int = SCHEMA_VERSION
