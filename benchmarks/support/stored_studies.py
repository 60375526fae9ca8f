"""Studies with thousands of trials, written in seconds, as a search would leave them.

Each trial has the parameters, attributes, reports and the learning curve that a worker
stores; only the numbers are invented. Rows go into Optuna's tables directly, because
a worker's way takes half a second a trial. What was written is read back through
Optuna, so a change of its tables is noticed.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState

from search.config import MAX_TRIALS, Budget, Environment, Training
from search.space.lines import TrialParams
from search.study.folders import StudyHandle
from search.study.optuna_study import open_study
from search.study.storage.opening import sqlite_path
from search.study.studies import optuna_study_id
from search.study.trials.curves import EpochPoint, curve_path
from search.study.trials.owners import current_owner
from tests.pages.study_factory import (
    N_FOLDS,
    REASON,
    finish,
    make_settings,
    new_study,
)

EPOCHS = 40
PRUNED_SHARE, FAILED_SHARE = 0.35, 0.03
FIRST_START = datetime(2026, 3, 1, tzinfo=UTC)
_INSERT_REPORT = (
    "INSERT INTO trial_intermediate_values "
    "(trial_id, step, intermediate_value, intermediate_value_type)"
)


def fill(environment: Environment, *, n_studies: int, n_trials: int) -> StudyHandle:
    """Add studies of `n_trials` trials each; return the one that still searches.

    The others are finished. A server starts a supervisor for a study that searches
    unless somebody holds the lock of one, see `study_factory.hold_supervisor`.
    """
    for place in range(1, n_studies):
        finish(add_study(environment, f"Plant {place}", n_trials, seed=place))
    return add_study(environment, "Searching", n_trials, seed=0)


def add_study(
    environment: Environment, name: str, n_trials: int, *, seed: int
) -> StudyHandle:
    """Add a study with `n_trials` ended trials."""
    settings = replace(
        make_settings(name),
        budget=Budget(trials=min(2 * n_trials, MAX_TRIALS)),
        training=Training(epochs=EPOCHS, seed=seed),
    )
    handle = new_study(environment, settings)
    add_ended_trials(handle, n_trials, first=0, seed=seed)
    n_found = len(open_study(handle).get_trials(deepcopy=False))
    if n_found != n_trials:
        raise RuntimeError(f"Optuna finds {n_found} trials of {n_trials}.")
    return handle


def add_ended_trials(
    handle: StudyHandle, n_trials: int, *, first: int, seed: int
) -> None:
    """Write trials `first` and after, in place of those that wait, and their curves."""
    sampled = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    random = np.random.default_rng(seed)
    trials = []
    for number in range(first, first + n_trials):
        asked = sampled.ask()
        params = handle.settings.space.suggest(asked)
        trials.append(_ended(handle, _claimed(number, asked), params, random))
    study_id = optuna_study_id(handle)
    with _database(handle) as database:
        _remove_waiting(database, study_id)
        for trial in trials:
            _write_trial(database, study_id, trial)


def add_running(handle: StudyHandle, number: int, *, pid: int) -> None:
    """Write a trial that process `pid` has claimed and not trained yet."""
    sampled = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=number))
    asked = sampled.ask()
    handle.settings.space.suggest(asked)
    trial = _claimed(number, asked)
    trial.user_attrs["owner"]["pid"] = pid
    study_id = optuna_study_id(handle)
    with _database(handle) as database:
        _write_trial(database, study_id, trial)


def add_epoch(handle: StudyHandle, number: int, epoch: int) -> None:
    """Report one more epoch of a running trial, as its worker does."""
    score = 1.0 + 2.0 / epoch
    valid = tuple(score * (0.9 + 0.1 * fold) for fold in range(N_FOLDS))
    point = EpochPoint(epoch, valid, valid, score, 0.4)
    with curve_path(handle.folder, number).open("ab") as file:
        file.write(msgspec.json.encode(point) + b"\n")
    study_id = optuna_study_id(handle)
    with _database(handle) as database:
        database.execute(
            f"{_INSERT_REPORT} SELECT trial_id, ?, ?, 'FINITE' FROM trials "
            "WHERE study_id=? AND number=?",
            [epoch, score, study_id, number],
        )


def _claimed(number: int, asked: optuna.Trial) -> FrozenTrial:
    """Return a trial that a worker has just taken."""
    owner = msgspec.to_builtins(current_owner())
    return FrozenTrial(
        number=number,
        state=TrialState.RUNNING,
        value=None,
        datetime_start=datetime.now(UTC),
        datetime_complete=None,
        params=asked.params,
        distributions=asked.distributions,
        user_attrs={"owner": owner, "seed": number},
        system_attrs={},
        intermediate_values={},
        trial_id=-1,
    )


def _ended(
    handle: StudyHandle,
    trial: FrozenTrial,
    params: TrialParams,
    random: np.random.Generator,
) -> FrozenTrial:
    """End a trial: by itself, by the pruner, or in an error; write its curve."""
    draw = random.random()
    trial.datetime_start = FIRST_START + timedelta(seconds=20 * trial.number)
    trial.datetime_complete = trial.datetime_start + timedelta(
        seconds=float(random.gamma(4, 5))
    )
    if draw < FAILED_SHARE:
        trial.state = TrialState.FAIL
        trial.user_attrs |= {"error": REASON, "failure": "memory"}
        return trial
    is_pruned = draw < FAILED_SHARE + PRUNED_SHARE
    n_epochs = int(random.integers(4, 9) if is_pruned else random.integers(12, 31))
    points = _points(params, n_epochs, random)
    content = b"".join(msgspec.json.encode(point) + b"\n" for point in points)
    curve_path(handle.folder, trial.number).write_bytes(content)
    trial.state = TrialState.PRUNED if is_pruned else TrialState.COMPLETE
    trial.intermediate_values = {point.epoch: point.score or 0.0 for point in points}
    best = min(points, key=lambda point: point.score or 0.0)
    trial.user_attrs |= {
        "fold_scores": best.valid,
        "best_epoch": best.epoch,
        "epochs_run": n_epochs,
        "n_parameters": 40 * params.units,
        "seconds_compile": 2.5,
        "seconds_train": 0.4 * n_epochs,
    }
    trial.value = None if is_pruned else best.score
    return trial


def _points(
    params: TrialParams, n_epochs: int, random: np.random.Generator
) -> list[EpochPoint]:
    """Return a learning curve; how low it comes depends on the configuration."""
    level = {"SimpleRNN": 0.9, "LSTM": 0.75, "GRU": 0.7}[params.cell]
    level += 0.1 * abs(np.log10(params.learning_rate / 3e-3)) + params.dropout
    level *= random.uniform(0.9, 1.3)
    points = []
    for epoch in range(1, n_epochs + 1):
        mean = level + 2.5 * np.exp(-epoch / 3) + 0.01 * random.random()
        valid = tuple(float(mean) * (0.9 + 0.1 * fold) for fold in range(N_FOLDS))
        train = tuple(1.0 / (epoch + fold) for fold in range(1, N_FOLDS + 1))
        points.append(EpochPoint(epoch, train, valid, float(np.mean(valid)), 0.4))
    return points


@contextmanager
def _database(handle: StudyHandle) -> Iterator[sqlite3.Connection]:
    """Open the storage for one transaction."""
    path = sqlite_path(handle.environment.storage_url)
    assert path is not None
    with closing(sqlite3.connect(path, timeout=60)) as database, database:
        yield database


def _remove_waiting(database: sqlite3.Connection, study_id: int) -> None:
    waiting = "SELECT trial_id FROM trials WHERE study_id=? AND state='WAITING'"
    for table in ("trial_params", "trial_user_attributes", "trial_system_attributes"):
        database.execute(
            f"DELETE FROM {table} WHERE trial_id IN ({waiting})", [study_id]
        )
    database.execute(
        "DELETE FROM trials WHERE study_id=? AND state='WAITING'", [study_id]
    )


def _write_trial(
    database: sqlite3.Connection, study_id: int, trial: FrozenTrial
) -> None:
    cursor = database.execute(
        "INSERT INTO trials (number, study_id, state, datetime_start, "
        "datetime_complete) VALUES (?, ?, ?, ?, ?)",
        [
            trial.number,
            study_id,
            trial.state.name,
            _stored(trial.datetime_start),
            _stored(trial.datetime_complete),
        ],
    )
    key = cursor.lastrowid
    database.executemany(
        "INSERT INTO trial_params (trial_id, param_name, param_value, "
        "distribution_json) VALUES (?, ?, ?, ?)",
        [
            (
                key,
                name,
                distribution.to_internal_repr(trial.params[name]),
                optuna.distributions.distribution_to_json(distribution),
            )
            for name, distribution in trial.distributions.items()
        ],
    )
    database.executemany(
        "INSERT INTO trial_user_attributes (trial_id, key, value_json) "
        "VALUES (?, ?, ?)",
        [(key, name, json.dumps(value)) for name, value in trial.user_attrs.items()],
    )
    database.executemany(
        f"{_INSERT_REPORT} VALUES (?, ?, ?, 'FINITE')",
        [(key, step, value) for step, value in trial.intermediate_values.items()],
    )
    if trial.value is not None:
        database.execute(
            "INSERT INTO trial_values (trial_id, objective, value, value_type) "
            "VALUES (?, 0, ?, 'FINITE')",
            [key, trial.value],
        )


def _stored(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
