"""What must hold after every case: the audit, from (a) to (h).

The storage is read here with plain SQL and not by the code under test.
"""

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.components.csv_files import csv_file_bytes
from search.files import sha256
from search.jobs.audit import audit_storage, audit_study
from search.locks import is_locked
from search.study.folders import CLAIM_LOCK, CONTROL_LOCK, StudyHandle, winner_folder
from search.study.progress import read_progress
from search.study.results import load_results
from search.study.storage.opening import sqlite_path

DONE = ("COMPLETE", "PRUNED")
MAIN = Path(__file__).parents[2] / "pages" / "main.py"


@dataclass(frozen=True)
class Row:
    """A trial as it stands in the table."""

    number: int
    state: str
    value: float | None
    attributes: dict[str, object]


@dataclass(frozen=True)
class Told:
    """A line of the ledger: what the storage had confirmed."""

    number: int
    outcome: str
    score: float | None


def read_rows(handle: StudyHandle) -> list[Row]:
    """Return the trials of the study in the order of their numbers."""
    path = sqlite_path(handle.environment.storage_url)
    assert path is not None
    with closing(sqlite3.connect(path, timeout=30)) as connection:
        trials = connection.execute(
            "SELECT trial_id, number, state, (SELECT value FROM trial_values v WHERE "
            "v.trial_id = t.trial_id) FROM trials t JOIN studies s USING (study_id) "
            "WHERE study_name = ? ORDER BY number, trial_id",
            (handle.optuna_name,),
        ).fetchall()
        attributes: dict[int, dict[str, object]] = {}
        for trial_id, key, value in connection.execute(
            "SELECT trial_id, key, value_json FROM trial_user_attributes"
        ):
            attributes.setdefault(trial_id, {})[key] = json.loads(value)
    return [
        Row(number, state, value, attributes.get(trial_id, {}))
        for trial_id, number, state, value in trials
    ]


def read_ledger(path: Path) -> list[Told]:
    """Return what workers noted after each tell."""
    lines = path.read_text().splitlines() if path.exists() else []
    return [Told(**json.loads(line)) for line in lines]


def processes_of(handle: StudyHandle, *words: str) -> list[int]:
    """Return the living processes of a study whose command line has all of `words`."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "status"]):
        line = process.info["cmdline"] or []
        is_ours = handle.uuid in line and all(word in line for word in words)
        if is_ours and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process.pid)
    return found


def find_faults(
    handle: StudyHandle, ledger: Path, *, total: int | None, least: int = 0
) -> list[str]:
    """Return what is not as it should be, each with the letter of the audit.

    Parameters
    ----------
    total
        Trials that must be done, exactly; None where the case has no total.
    least
        Entries that the ledger must have, so that an empty one proves nothing.
    """
    rows, told = read_rows(handle), read_ledger(ledger)
    found = [f"(a) {text}" for text in _lost(rows, told)]
    if len(told) < least:
        found.append(f"(a) the ledger has {len(told)} results")
    running = [row.number for row in rows if row.state == "RUNNING"]
    if running:
        found.append(f"(b) trials {running} still run")
    n_done = sum(row.state in DONE for row in rows)
    if total is not None and n_done != total:
        found.append(f"(c) {n_done} trials are done, {total} were wanted")
    if [row.number for row in rows] != list(range(len(rows))):
        found.append(f"(d) the numbers are {[row.number for row in rows]}")
    found += [f"(e) {text}" for text in _wrong_best(handle, rows, told)]
    found += [f"(f) {text}" for text in _damaged_winners(handle)]
    found += [f"(g) {text}" for text in _leftovers(handle)]
    found += [f"(h) {fault.message}" for fault in audit_study(handle)]
    found += [f"(h) {fault.message}" for fault in audit_storage(handle.environment)]
    return found


def audit(
    handle: StudyHandle, ledger: Path, *, total: int | None, least: int = 1
) -> int:
    """Fail with everything that is wrong; return the size of the ledger."""
    found = find_faults(handle, ledger, total=total, least=least)
    if found:
        pytest.fail("\n".join(["the audit found:", *found]))
    return len(read_ledger(ledger))


def _lost(rows: list[Row], told: list[Told]) -> list[str]:
    stored = {row.number: row for row in rows}
    lost = []
    for one in told:
        row = stored.get(one.number)
        if row is None or row.state.lower() != one.outcome:
            lost.append(f"trial {one.number} was told as {one.outcome} and is {row}")
        elif one.outcome == "complete" and row.value != one.score:
            lost.append(f"trial {one.number} was told {one.score} and has {row.value}")
    if len({one.number for one in told}) < len(told):
        lost.append("a trial was told twice")
    return lost


def _wrong_best(handle: StudyHandle, rows: list[Row], told: list[Told]) -> list[str]:
    complete = [row for row in rows if row.state == "COMPLETE"]
    values = [row.value for row in complete if row.value is not None]
    if len(values) < len(complete):
        return ["a complete trial has no value"]
    if not values:
        return []
    best, trials = min(values), read_progress(handle).best.values()
    shown = min(trial.score for trial in trials if trial.score is not None)
    found = [] if best == shown else [f"the best is {best}, pages show {shown}"]
    known = [one.score for one in told if one.outcome == "complete" and one.score]
    # A worker may die after the storage has its result, and before it notes that.
    if known and not best <= min(known):
        found.append(f"the best is {best}, the ledger has {min(known)}")
    return found


def _damaged_winners(handle: StudyHandle) -> list[str]:
    results = load_results(handle.folder)
    if results is None:
        return []
    return [
        f"{cell}: {name} is not what it was"
        for cell, winner in results.winners.items()
        for name, digest in winner.sha256.items()
        if sha256(winner_folder(handle, cell) / name) != digest
    ]


def _leftovers(handle: StudyHandle) -> list[str]:
    found = [f"process {pid} lives" for pid in processes_of(handle)]
    locks = (CLAIM_LOCK, CONTROL_LOCK, "supervisor.lock")
    found += [f"{name} is held" for name in locks if is_locked(handle.folder / name)]
    return found


def page_faults(handle: StudyHandle) -> list[str]:
    """Open the pages of the study and its CSV files; return what went wrong.

    ``STUDIES_DIR`` must lead to the study.
    """
    found = []
    st.cache_resource.clear()
    for page in ("progress", "compare"):
        app = AppTest.from_file(str(MAIN), default_timeout=60)
        app.switch_page(f"{page}.py")
        app.query_params["study"] = handle.uuid
        app.run()
        errors = [*app.exception, *app.error]
        found += [f"(h) {page}: {error.value}" for error in errors]
    results = load_results(handle.folder)
    for cell, winner in results.winners.items() if results is not None else ():
        rows = csv_file_bytes(Path(winner.predictions)).splitlines()
        if len(rows) < 2:
            found.append(f"(h) the CSV of {cell} has {len(rows)} lines")
    return found
