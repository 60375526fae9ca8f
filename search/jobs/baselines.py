"""The process that computes the baselines of a study, beside its search."""

import logging
import subprocess

from search.analysis.comparison.baselines import has_baselines
from search.jobs.commands import last_lines, start_process
from search.study.folders import StudyHandle, log_path

LOG_NAME = "baselines"

logger = logging.getLogger(__name__)


class BaselineProcess:
    """Computes the baselines that a study still lacks, once.

    Parameters
    ----------
    handle
        The study.
    supervisor_pid
        Process that it ends with.
    """

    def __init__(self, handle: StudyHandle, *, supervisor_pid: int) -> None:
        self._handle = handle
        self._supervisor_pid = supervisor_pid
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether it is still at work."""
        return self._process is not None and self._process.poll() is None

    @property
    def failure(self) -> str:
        """Why there are no baselines after its end, in one sentence; else nothing."""
        if self.is_running or has_baselines(self._handle):
            return ""
        lines = last_lines(log_path(self._handle, LOG_NAME), 1)
        return f"The baselines could not be computed. {lines}".strip()

    def start(self) -> None:
        """Start it, unless the study has its baselines."""
        if has_baselines(self._handle):
            return
        words = ("baselines", self._handle.uuid)
        parent = ("--supervised", str(self._supervisor_pid))
        self._process = start_process(self._handle, LOG_NAME, *words, *parent)

    def close(self) -> None:
        """End it at once if it is still at work; it begins anew with the study."""
        if self._process is None:
            return
        self._process.kill()
        code = self._process.wait()
        logger.info("Study %s: baselines ended with %d.", self._handle.uuid, code)
