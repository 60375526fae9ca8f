"""The commands that the processes of a study are started with."""

import argparse
import os

from search.analysis.comparison.baselines import make_baselines
from search.cli.arguments import cell_name
from search.cli.exit_codes import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK
from search.disk import insist
from search.environment import Environment
from search.evaluation.baselines.naive import NAIVE_NAMES
from search.jobs.parent import ParentWatch, die_with_parent
from search.study.copies import join_study
from search.study.folders import StudyHandle
from search.study.studies import find_study


def run_process(options: argparse.Namespace) -> int:
    """Run a process of a study until it ends; return the exit code."""
    environment = Environment.from_process(storage_url=options.storage)
    is_joining = options.command == "work" and options.supervised is None
    find = join_study if is_joining else find_study
    handle = find(environment, options.study)
    if options.command == "supervise":
        return _supervise(handle)
    if options.command == "baselines":
        return _compute_baselines(handle, supervisor_pid=options.supervised)
    if options.command == "refit":
        from search.worker.refit_process import refit_cell

        cell = cell_name(options.cell)
        is_done = refit_cell(
            handle, cell, supervisor_pid=options.supervised, only_kept=options.kept
        )
        return EXIT_OK if is_done else EXIT_FAILED
    from search.worker.loop import work

    end = work(handle, supervisor_pid=options.supervised)
    is_interrupted = end == "signal" and options.supervised is None
    return EXIT_INTERRUPTED if is_interrupted else EXIT_OK


def _supervise(handle: StudyHandle) -> int:
    """Return 0 also where the study failed: `state.json` says so, to those who ask."""
    from search.jobs.supervisor import supervise

    supervise(handle)
    return 0


def _compute_baselines(handle: StudyHandle, *, supervisor_pid: int | None) -> int:
    from search.worker.toy import TOY_VARIABLE

    if supervisor_pid is not None:
        # Nothing is lost: baselines that are half made are made again.
        die_with_parent(supervisor_pid)
        ParentWatch(supervisor_pid, grace_seconds=0.0).start()
    is_toy = TOY_VARIABLE in os.environ
    forecasts_only = handle.settings.task.kind == "forecasting"
    names = NAIVE_NAMES if is_toy and forecasts_only else None
    insist(lambda: make_baselines(handle, names=names), handle.folder)
    return EXIT_OK
