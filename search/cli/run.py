"""`run` and `resume`: a study in the foreground."""

import argparse
import logging
from pathlib import Path

from search.cli.exit_codes import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK
from search.cli.group_source import groups_from_options, has_groups
from search.cli.screen import (
    ProgressScreen,
    stderr,
    stdout,
    write_line,
    write_results,
)
from search.cli.source import (
    build_from_options,
    changed_budget,
    notices,
    settings_from_groups,
    settings_from_options,
)
from search.config import Environment
from search.errors import UserInputError
from search.evaluation.panel import Panel
from search.evaluation.samples import SamplePlan
from search.files import write_json
from search.jobs.commands import open_log
from search.jobs.launch import start_study
from search.jobs.supervisor import Ending, supervise
from search.space.defaults import default_space
from search.space.suggestions import epochs_reason, suggestions
from search.space.task_spaces import task_space
from search.study.control import read_control, read_state, set_budget
from search.study.folders import StudyHandle, log_path
from search.study.progress import read_progress
from search.study.results import StudyResults, load_results
from search.study.settings import StudySettings
from search.study.steering import has_room
from search.study.studies import create_study, find_study
from search.study.task_words import task_sentence

EXIT_CODES: dict[Ending, int] = {
    "finished": EXIT_OK,
    "stopped": EXIT_OK,
    "paused": EXIT_OK,
    "elsewhere": EXIT_OK,
    "failed": EXIT_FAILED,
    "interrupted": EXIT_INTERRUPTED,
}


def run_file(options: argparse.Namespace) -> int:
    """Create a study from a file and run it until it ends."""
    _check_writable(options.json)
    environment = Environment.from_process(storage_url=options.storage)
    if has_groups(options):
        handle = _create_of_groups(options, environment)
    else:
        handle = _create_of_series(options, environment)
    if handle is None:
        return EXIT_OK
    _note(f"Study {handle.uuid[:8]} ({handle.settings.name}) in {handle.folder}")
    return _supervise(handle, options.json)


def _create_of_series(
    options: argparse.Namespace, environment: Environment
) -> StudyHandle | None:
    """Create the study of one series; None where only its space is to be explained."""
    built = build_from_options(options)
    settings = settings_from_options(options, built)
    for sentence in notices(built):
        _note(f"Note: {sentence}")
    roles = ", ".join(settings.roles.columns)
    _note(
        f"{len(built.values)} rows of {roles}; season {settings.task.season}, "
        f"{settings.task.folds} folds, last {settings.task.holdout} rows held out."
    )
    if options.explain_space:
        _explain_space(settings, len(built.values))
        return None
    return create_study(environment, settings, built.values)


def _create_of_groups(
    options: argparse.Namespace, environment: Environment
) -> StudyHandle | None:
    """Create a study of any other task; see `_create_of_series`."""
    found = groups_from_options(options)
    settings = settings_from_groups(options, found)
    for sentence in (*found.notes, *notices(found.built)):
        _note(f"Note: {sentence}")
    _note(task_sentence(settings, found.panel))
    if options.explain_space:
        _explain_space(settings, found.panel.n_rows, found.panel)
        return None
    plan = settings.plan_of(found.panel)
    for doubt in plan.doubts if isinstance(plan, SamplePlan) else ():
        _note(f"Note: {doubt}")
    built = found.built
    return create_study(environment, settings, built.values, built.groups)


def resume_study(options: argparse.Namespace) -> int:
    """Go on with a study, with more budget where that is given."""
    _check_writable(options.json)
    environment = Environment.from_process(storage_url=options.storage)
    handle = find_study(environment, options.study)
    budget = changed_budget(options, read_control(handle).budget)
    progress = read_progress(handle)
    is_used = not has_room(
        budget, n_done=progress.n_done, seconds_used=progress.seconds_used
    )
    if progress.state == "finished" and is_used and not progress.is_enough:
        raise UserInputError(
            f"The study {handle.settings.name!r} has used its budget; give a larger "
            "one with --trials or --timeout, counted from the start of the study."
        )
    set_budget(handle, budget, by="command line")
    return _supervise(handle, options.json)


def _explain_space(
    settings: StudySettings, n_rows: int, panel: Panel | None = None
) -> None:
    """Write each line of the space, with its reason where it is the suggested one."""
    roles, task, space = settings.roles, settings.task, settings.space
    base = (
        default_space(n_rows, roles, task)
        if panel is None
        else task_space(panel, roles, task)
    )
    suggested = suggestions(base, n_rows, roles, task, panel)
    for line in space.lines:
        reason = suggested[line.name].reason or "The usual value."
        if line != suggested[line.name].line:
            reason = "As given."
        write_line(stdout(), f"{line.name}: {line.words}. {reason}")
    of_epochs = epochs_reason(settings.training, space, n_rows, roles, task, panel)
    if of_epochs:
        write_line(stdout(), f"epochs: {settings.training.epochs}. {of_epochs}")


def _supervise(handle: StudyHandle, json_path: Path | None) -> int:
    _log_to_file(handle)
    with ProgressScreen(stderr()) as screen:
        ending = supervise(handle, on_progress=screen.show, is_foreground=True)
    if ending == "elsewhere":
        # The other supervisor may be about to pause.
        start_study(handle)
    _tell(handle, ending)
    results = load_results(handle.folder)
    if ending in ("finished", "stopped") and results is not None:
        _show_results(results, json_path)
    return EXIT_CODES[ending]


def _tell(handle: StudyHandle, ending: Ending) -> None:
    """Say how the study ended and what can be done next."""
    resume = f"python -m search resume {handle.uuid[:8]}"
    message = read_state(handle).message
    if ending == "elsewhere":
        _note(
            "This study already runs in another process; follow it with "
            f"`python -m search show {handle.uuid[:8]}`."
        )
    elif ending in ("interrupted", "paused"):
        _note(f"Everything is kept. Go on with: {resume}")
    elif ending == "failed":
        _note(f"{message} Go on with: {resume}")
    elif message:
        _note(message)


def _show_results(results: StudyResults, json_path: Path | None) -> None:
    write_results(stdout(), results)
    if json_path is not None:
        write_json(json_path.resolve(), results)
        _note(f"Wrote {json_path}.")


def _check_writable(path: Path | None) -> None:
    """Refuse a place for the results before the search rather than after it."""
    if path is None:
        return
    if path.is_dir():
        raise UserInputError(f"`--json`: {path} is a folder; give a file.")
    if not path.resolve().parent.is_dir():
        raise UserInputError(f"`--json`: there is no folder {path.resolve().parent}.")


def _log_to_file(handle: StudyHandle) -> None:
    """Keep what the supervisor logs out of the progress bar."""
    path = log_path(handle, "supervisor")
    open_log(path).close()
    handler = logging.FileHandler(path)
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)s [%(process)d] %(message)s")
    )
    package = logging.getLogger("search")
    package.addHandler(handler)
    package.setLevel(logging.INFO)
    package.propagate = False


def _note(sentence: str) -> None:
    write_line(stderr(), sentence)
