"""Workers that die or cannot be started: how long to wait, and when to give up."""

import time

from search.jobs.limits import Limits
from search.jobs.pool import EndedWorker


class Misfortune:
    """Counts deaths of workers in a row and says how long to wait after each."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._n_deaths = 0
        self._n_done = 0
        self.not_before = 0.0
        self.reason = ""
        self._warning = ""

    def warning(self, n_done: int) -> str:
        """Return what went wrong since the last trial was done, for the user."""
        return self._warning if n_done == self._n_done else ""

    def note_death(self, ended: EndedWorker, n_done: int) -> None:
        """Note a death; `n_done` trials are done by now."""
        detail = ended.log_tail.splitlines()[-1] if ended.log_tail else ""
        cause = f"{sentence(ended.reason)} {detail}".strip()
        self._note(n_done)
        self._warning = f"A worker died and is replaced: {cause}"
        if self._n_deaths >= self._limits.most_deaths:
            self.reason = (
                f"{self._n_deaths} workers in a row died before a trial was done, "
                f"the last one so: {cause}"
            )

    def note_refusal(self, error: OSError, n_done: int) -> None:
        """Note that the system let no worker start."""
        self._note(n_done)
        cause = (
            f"The system started no worker: {error.strerror or error}. It limits "
            "processes, open files or memory (`ulimit -a` shows how); end other "
            "programs or allow more, then resume the study."
        )
        self._warning = cause
        if self._n_deaths >= self._limits.most_deaths:
            self.reason = cause

    def _note(self, n_done: int) -> None:
        """Count a misfortune, and wait longer after each in a row."""
        if n_done > self._n_done:
            self._n_deaths = 0
        self._n_done = n_done
        self._n_deaths += 1
        pause = min(
            self._limits.longest_pause_seconds,
            self._limits.first_pause_seconds * 2.0 ** (self._n_deaths - 1),
        )
        self.not_before = time.monotonic() + pause


def sentence(text: str) -> str:
    """Return `text` with a capital at its beginning and a full stop."""
    return f"{text[:1].upper()}{text[1:]}."
