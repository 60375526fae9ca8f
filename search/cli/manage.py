"""`list`, `show`, `stop`, `pause`, `export`: look at studies and steer them."""

import argparse
import shutil
import sys
from pathlib import Path

from rich.console import Console

from search.cli.arguments import cell_name
from search.cli.screen import (
    counted,
    number,
    remaining,
    stdout,
    write_line,
    write_results,
    write_table,
)
from search.cli.steer import steering_lines
from search.config import Environment
from search.errors import StudyCorrupted, UserInputError
from search.files import sha256
from search.jobs.launch import pause_study, stop_study
from search.study.control import read_state
from search.study.copies import copy_sentence
from search.study.folders import StudyHandle
from search.study.progress import Progress, read_progress
from search.study.results import load_results
from search.study.studies import find_study, list_studies, unreadable_studies


def list_all(options: argparse.Namespace) -> int:
    """Print one line a study, the newest first."""
    environment = _environment(options)
    rows = [_list_row(handle) for handle in list_studies(environment)]
    broken = unreadable_studies(environment)
    if not rows and not broken:
        sys.stderr.write(f"There are no studies in {environment.studies_dir} yet.\n")
        return 0
    console = stdout()
    write_table(console, ("study", "name", "state", "trials", "created"), rows)
    for name, reason in broken.items():
        write_line(console, f"{name[:8]} cannot be read: {reason}")
    return 0


def show_study(options: argparse.Namespace) -> int:
    """Print where a study stands: state, best trials, running and failed ones."""
    handle = find_study(_environment(options), options.study)
    # Before the rest, which it brings up to date.
    copied = copy_sentence(handle)
    progress = read_progress(handle)
    results = load_results(handle.folder)
    console = stdout()
    headline = f"{handle.settings.name} ({handle.uuid})"
    write_line(console, headline, style="bold")
    if copied:
        write_line(console, copied)
    for line in _status_lines(progress):
        write_line(console, line)
    for line in steering_lines(handle, progress.trials):
        write_line(console, line)
    _write_best(console, progress)
    for trial in progress.failures[:5]:
        write_line(
            console, f"Trial {trial.number} ({trial.cell}) failed: {trial.error}"
        )
    if results is not None:
        write_results(console, results)
    return 0


def change_wish(options: argparse.Namespace) -> int:
    """Ask a study to stop or to pause."""
    handle = find_study(_environment(options), options.study)
    is_stop = options.command == "stop"
    was_alive = stop_study(handle) if is_stop else pause_study(handle)
    if not was_alive:
        sentence = f"The study is not running; it is {read_state(handle).state}."
    elif is_stop:
        sentence = (
            "The search ends after the running epochs, then winners are compared."
        )
    else:
        sentence = "The study pauses when its running trials are done."
    sys.stderr.write(f"{sentence}\n")
    return 0


def export_bundle(options: argparse.Namespace) -> int:
    """Copy the download of a winner to where the user wants it."""
    handle = find_study(_environment(options), options.study)
    cell = cell_name(options.cell)
    results = load_results(handle.folder)
    if results is None or cell not in results.winners:
        reason = "" if results is None else results.skipped_cells.get(cell, "")
        raise UserInputError(
            f"The study {handle.settings.name!r} has no winner of {cell} yet. {reason}"
        )
    winner = results.winners[cell]
    if winner.bundle is None:
        message = winner.check.message if winner.check else "It could not be made."
        raise UserInputError(f"There is no download of {cell}: {message}")
    bundle = Path(winner.bundle)
    if bundle.is_file() and not winner.is_unchanged(bundle):
        raise UserInputError(
            f"The bundle of {cell} was changed after it was checked: its SHA-256 "
            "differs from the one in the results. It is not delivered."
        )
    try:
        shutil.copyfile(winner.bundle, options.out)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserInputError(f"{options.out} cannot be written: {reason}.") from error
    sys.stderr.write(f"Wrote {options.out} (SHA-256 {sha256(options.out)}).\n")
    return 0


def _environment(options: argparse.Namespace) -> Environment:
    return Environment.from_process(storage_url=options.storage)


def _list_row(handle: StudyHandle) -> tuple[str, ...]:
    created = handle.created.replace("T", " ")[:16]
    label = (handle.uuid[:8], handle.settings.name)
    try:
        progress = read_progress(handle)
    except StudyCorrupted as error:
        return *label, "damaged", str(error), created
    return *label, progress.state, counted(progress), created


def _status_lines(progress: Progress) -> list[str]:
    line = f"{progress.state}: {counted(progress)}"
    left = remaining(progress)
    lines = [f"{line}, {left}" if left else line]
    if progress.message:
        lines.append(progress.message)
    for trial in progress.running:
        lines.append(
            f"Trial {trial.number} ({trial.cell}) runs: epoch {trial.epoch} of "
            f"{trial.epochs}, score {number(trial.score)}"
        )
    return lines


def _write_best(console: Console, progress: Progress) -> None:
    rows = [
        (
            cell,
            str(trial.number),
            number(trial.score),
            str(trial.best_epoch or "–"),
            str(progress.counts.per_cell.get(cell, 0)),
        )
        for cell, trial in progress.best.items()
    ]
    columns = ("best of", "trial", "cv score", "epoch", "trials")
    write_table(console, columns, rows)
