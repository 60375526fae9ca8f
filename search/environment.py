"""Where studies live and how many may run, as the process environment says."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from search.errors import ConfigError

MAX_RUNNING = 4


@dataclass(frozen=True)
class Environment:
    """Where studies live: one place decides, the process environment may override.

    Attributes
    ----------
    studies_dir
        Folder with one sub-folder for each study (`STUDIES_DIR`).
    storage_url
        Optuna storage that all studies share (`STUDIES_STORAGE`); by default an
        SQLite file in `studies_dir`.
    artifacts
        Where hosts without a common `studies_dir` exchange files, a folder or
        ``s3://bucket/prefix`` (`STUDIES_ARTIFACTS`); None where there is one host.
    """

    studies_dir: Path
    storage_url: str = field(repr=False)  # may hold a password
    artifacts: str | None = field(default=None, repr=False)

    @classmethod
    def from_process(cls, *, storage_url: str | None = None) -> "Environment":
        """Read the variables above; `storage_url` overrides `STUDIES_STORAGE`."""
        folder = Path(os.environ.get("STUDIES_DIR") or "studies").resolve()
        url = storage_url or os.environ.get("STUDIES_STORAGE")
        artifacts = os.environ.get("STUDIES_ARTIFACTS") or None
        return cls(folder, url or f"sqlite:///{folder / 'optuna.db'}", artifacts)


def max_running() -> int:
    """Return how many studies may run at once (`STUDIES_MAX_RUNNING`).

    Raises
    ------
    ConfigError
        If the variable is not a whole number above 0.
    """
    text = os.environ.get("STUDIES_MAX_RUNNING") or str(MAX_RUNNING)
    if not text.isdecimal() or not int(text):
        raise ConfigError(
            f"STUDIES_MAX_RUNNING must be a whole number above 0, got {text!r}."
        )
    return int(text)
