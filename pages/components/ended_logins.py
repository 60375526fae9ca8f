"""Logins that ended before they expired, also after the server was started again.

Streamlit keeps a login in a signed cookie and nothing of it on the server, so a copy
of the cookie would count again. What is kept is a digest of each login that was ended,
until it expires.
"""

import logging
import time
from pathlib import Path
from threading import Lock

import msgspec

from search.errors import ConfigError
from search.files import write_json

ENDED_FILE = ".ended-logins.json"
# At most so many are kept; each of them took a login at the provider.
MOST_KEPT = 10_000

logger = logging.getLogger(__name__)


class EndedLogins:
    """Digests of logins that ended, with the Unix time at which each expires."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._path: Path | None = None
        self._lock = Lock()

    def keep_in(self, folder: Path) -> None:
        """Keep them in a file in `folder` from now on, and take up what it holds.

        Raises
        ------
        ConfigError
            If the file is there and cannot be read: it may hold logins that must not
            count again.
        """
        path = folder / ENDED_FILE
        try:
            found = msgspec.json.decode(path.read_bytes(), type=dict[str, float])
        except FileNotFoundError:
            found = {}
        except (OSError, msgspec.MsgspecError, ValueError) as error:
            raise ConfigError(
                f"{path}, which holds the logins that people ended, cannot be read: "
                f"{error}. Remove it and change `cookie_secret`, which ends all logins."
            ) from error
        with self._lock:
            self._path, self._until = path, {**found, **self._until}

    def add(self, login: str, *, until: float) -> None:
        """End a login that would hold `until` a time."""
        now = time.time()
        with self._lock:
            kept = {one: end for one, end in self._until.items() if end > now}
            kept[login] = until
            # Those that expire last count for longest.
            longest = sorted(kept, key=lambda one: kept[one])[-MOST_KEPT:]
            self._until = {one: kept[one] for one in (*longest, login)}
            self._write()

    def holds(self, login: str) -> bool:
        """Whether the login was ended."""
        return login in self._until

    def _write(self) -> None:
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_json(self._path, self._until)
        except OSError:
            # It counts until the server ends.
            logger.exception("The end of a login could not be written.")


ended_logins = EndedLogins()
