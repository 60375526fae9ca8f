"""The artifact location: a place for files of hosts that share no studies folder.

`STUDIES_ARTIFACTS` names a folder that all hosts see, such as ``/mnt/shared``, or a
bucket, such as ``s3://bucket/prefix``; ``?endpoint=https://host`` after it names
another service than Amazon's. Both are stores of Optuna.
"""

import importlib
import io
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from optuna.artifacts import Boto3ArtifactStore, FileSystemArtifactStore
from optuna.artifacts.exceptions import ArtifactNotFound

from search.config import Environment
from search.errors import ConfigError

_BUCKET = "s3"


class Artifacts:
    """Files by name; names are flat.

    Contract: `put` replaces a file. A reader that comes at the same moment may see a
    part of it, so what is read must be checked.

    Parameters
    ----------
    store
        An artifact store of Optuna.
    prefix
        Goes before each name.
    """

    def __init__(
        self, store: FileSystemArtifactStore | Boto3ArtifactStore, *, prefix: str = ""
    ) -> None:
        self._store = store
        self._prefix = prefix

    def put(self, name: str, content: bytes) -> None:
        """Store `content` under `name`."""
        self._store.write(self._prefix + name, io.BytesIO(content))

    def get(self, name: str) -> bytes | None:
        """Return what is stored under `name`; None if there is nothing."""
        try:
            with self._store.open_reader(self._prefix + name) as reader:
                return reader.read()
        except ArtifactNotFound:
            return None

    def remove(self, name: str) -> None:
        """Remove what is stored under `name`, if there is something."""
        try:
            self._store.remove(self._prefix + name)
        except ArtifactNotFound:
            return


def open_artifacts(environment: Environment) -> Artifacts | None:
    """Return the artifact location; None if there is none.

    Raises
    ------
    ConfigError
        If it cannot be understood, does not exist, or a package is missing for it.
    """
    location = environment.artifacts
    if location is None:
        return None
    if urlsplit(location).scheme == _BUCKET:
        return _open_bucket(location)
    folder = Path(location)
    if not folder.is_dir():
        raise ConfigError(
            f"`STUDIES_ARTIFACTS` must be a folder that exists or s3://BUCKET/PREFIX, "
            f"got {location!r}. Is the share mounted?"
        )
    return Artifacts(FileSystemArtifactStore(folder))


def _open_bucket(location: str) -> Artifacts:
    parts = urlsplit(location)
    if not parts.netloc:
        raise ConfigError(
            f"`STUDIES_ARTIFACTS` must name a bucket, s3://BUCKET/PREFIX, got "
            f"{location!r}."
        )
    try:
        boto3: Any = importlib.import_module("boto3")
    except ImportError as error:
        raise ConfigError(
            "`STUDIES_ARTIFACTS` names a bucket, which takes the package boto3; "
            "install it with `pip install boto3` on every host."
        ) from error
    endpoint = parse_qs(parts.query).get("endpoint", [None])[0]
    client = boto3.client(_BUCKET, endpoint_url=endpoint)
    prefix = parts.path.strip("/")
    store = Boto3ArtifactStore(parts.netloc, client=client)
    return Artifacts(store, prefix=f"{prefix}/" if prefix else "")
