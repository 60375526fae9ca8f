"""The storage of workers and supervisors: many small changes in one transaction.

Optuna makes each parameter, attribute and report a transaction of its own. On a disk
that is flushed after each of them, a trial spends longer on that than on its share of
everything else. Here what belongs together is one transaction, and reports of epochs
travel in bundles. What is stored in the end is the same, row for row.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    check_distribution_compatibility,
    distribution_to_json,
)
from optuna.storages import RDBStorage
from optuna.storages._cached_storage import _CachedStorage
from optuna.storages._rdb.models import (
    BaseModel,
    StudyUserAttributeModel,
    TrialIntermediateValueModel,
    TrialModel,
    TrialParamModel,
    TrialSystemAttributeModel,
    TrialUserAttributeModel,
)
from optuna.storages._rdb.storage import _create_scoped_session
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from search.study.storage.joining import JoiningSession
from search.study.storage.opening import lock_transaction

REPORT_SECONDS = 2.0
UUID_ATTRIBUTE = "uuid"

_Row = dict[str, Any]


class BatchingStorage(_CachedStorage):
    """A storage for one process and one thread that puts changes together.

    Contract, in addition to that of Optuna's storages:

    - Inside a `together` block all changes are one transaction: all are stored at the
      end of the block, or none. Trials are read once in a block, and again after a
      trial changed its state there. So a block must be held under the claim lock.
    - Reports of a running trial are stored every `REPORT_SECONDS` and before its state
      changes. `pending_reports` returns those that still wait.

    Parameters
    ----------
    backend
        Storage from `open_storage`; its sessions are replaced.
    uuid
        Of the study that is worked on. Every report must be for one that carries it,
        because reports are stored without the claim lock, and SQLite gives the ids of
        a deleted study to the next one.
    """

    def __init__(self, backend: RDBStorage, *, uuid: str) -> None:
        super().__init__(backend)
        self._uuid = uuid
        self._sessions = scoped_session(
            sessionmaker(bind=backend.engine, class_=JoiningSession)
        )
        backend.scoped_session = self._sessions  # type: ignore[assignment]
        self._is_joined = False
        self._is_read = False
        self._rows: dict[type[BaseModel], list[_Row]] = {}
        self._reports: dict[int, dict[int, float]] = {}
        self._reports_due = 0.0

    @contextmanager
    def together(self) -> Iterator[None]:
        """Store all changes of the block in one transaction; none if it raises.

        On a database server the transaction holds the lock of the study to its end.
        """
        self._is_joined, self._is_read = True, False
        try:
            with self._sessions().joined():
                lock_transaction(self._sessions(), self._uuid)
                yield
                self._write_rows()
        except BaseException:
            # They may hold trials that were never stored.
            self._rows.clear()
            self._forget_trials()
            raise
        finally:
            self._is_joined = False

    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
    ) -> None:
        """Store a parameter; in a block together with the others."""
        study_id, _ = self._trial_id_to_study_id_and_number[trial_id]
        known = self._studies[study_id].param_distribution.get(param_name)
        if not self._is_joined or known is None:
            super().set_trial_param(
                trial_id, param_name, param_value_internal, distribution
            )
            return
        check_distribution_compatibility(known, distribution)
        row = {
            "trial_id": trial_id,
            "param_name": param_name,
            "param_value": param_value_internal,
            "distribution_json": distribution_to_json(distribution),
        }
        self._rows.setdefault(TrialParamModel, []).append(row)

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Store an attribute; in a block together with the others."""
        if self._is_joined:
            self._add_attribute(TrialUserAttributeModel, trial_id, key, value)
        else:
            super().set_trial_user_attr(trial_id, key, value)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Store an attribute of Optuna; in a block together with the others."""
        if self._is_joined:
            self._add_attribute(TrialSystemAttributeModel, trial_id, key, value)
        else:
            super().set_trial_system_attr(trial_id, key, value)

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """Keep a report, and store what was kept if that is due."""
        self._reports.setdefault(trial_id, {})[step] = intermediate_value
        now = time.monotonic()
        if now >= self._reports_due:
            # Set before, so that a storage out of reach is not asked at each epoch.
            self._reports_due = now + REPORT_SECONDS
            self._write_reports(trial_id)

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Change the state, after all else of the trial was stored."""
        self._write_rows()
        self._write_reports(trial_id)
        self._is_read = False
        return super().set_trial_state_values(trial_id, state, values)

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """Return a trial as it is stored, with the changes of the block."""
        self._write_rows()
        return super().get_trial(trial_id)

    def pending_reports(self, study_id: int, number: int) -> dict[int, float]:
        """Return the reports of a trial that are not stored yet, by epoch."""
        trial_id = self._study_id_and_number_to_trial_id.get((study_id, number))
        return {} if trial_id is None else dict(self._reports.get(trial_id, {}))

    def forget_reports(self, study_id: int, number: int) -> None:
        """Drop the reports of a trial that wait: they are stored, or too late."""
        trial_id = self._study_id_and_number_to_trial_id.get((study_id, number))
        if trial_id is not None:
            self._reports.pop(trial_id, None)

    def add_reports(self, trial_id: int, reports: Mapping[int, float]) -> None:
        """Store reports of a running trial; epochs that are stored already stay.

        Raises
        ------
        optuna.exceptions.UpdateFinishedTrialError
            If the trial does not run any more.
        KeyError
            If it belongs to another study now.
        """
        if not reports:
            return
        with _create_scoped_session(self._sessions) as session:
            self._check_is_running(session, trial_id)
            self._check_is_ours(session, trial_id)
            # A commit whose answer was lost is repeated.
            steps = select(TrialIntermediateValueModel.step).where(
                TrialIntermediateValueModel.trial_id == trial_id
            )
            stored = set(session.scalars(steps))
            new = [
                _report_row(trial_id, step, value)
                for step, value in reports.items()
                if step not in stored
            ]
            if new:
                session.execute(insert(TrialIntermediateValueModel), new)

    def _write_reports(self, trial_id: int) -> None:
        self.add_reports(trial_id, self._reports.get(trial_id, {}))
        self._reports.pop(trial_id, None)

    def _add_attribute(
        self, model: type[BaseModel], trial_id: int, key: str, value: Any
    ) -> None:
        row = {"trial_id": trial_id, "key": key, "value_json": json.dumps(value)}
        self._rows.setdefault(model, []).append(row)

    def _write_rows(self) -> None:
        """Send the parameters and attributes of the block to the database."""
        if not self._rows:
            return
        rows, self._rows = self._rows, {}
        with _create_scoped_session(self._sessions) as session:
            for trial_id in {row["trial_id"] for each in rows.values() for row in each}:
                self._check_is_running(session, trial_id)
            for model, new in rows.items():
                if model is not TrialParamModel:
                    new = _replace_attributes(session, model, new)
                session.execute(insert(model), new)

    def _check_is_running(self, session: Session, trial_id: int) -> None:
        state: Any = TrialModel.find_or_raise_by_id(trial_id, session).state
        self._backend.check_trial_is_updatable(trial_id, state)

    def _check_is_ours(self, session: Session, trial_id: int) -> None:
        stored = session.scalar(
            select(StudyUserAttributeModel.value_json)
            .join(TrialModel, TrialModel.study_id == StudyUserAttributeModel.study_id)
            .where(TrialModel.trial_id == trial_id)
            .where(StudyUserAttributeModel.key == UUID_ATTRIBUTE)
        )
        if stored != json.dumps(self._uuid):
            raise KeyError(f"trial {trial_id} belongs to another study")

    def _read_trials_from_remote_storage(self, study_id: int) -> None:
        if self._is_joined and self._is_read:
            return
        self._write_rows()
        super()._read_trials_from_remote_storage(study_id)
        self._is_read = True

    def _forget_trials(self) -> None:
        self._studies.clear()
        self._trial_id_to_study_id_and_number.clear()
        self._study_id_and_number_to_trial_id.clear()


def batching_storage(study: optuna.Study) -> BatchingStorage:
    """Return the storage of a study that comes from `open_study`."""
    storage = study._storage  # no public way to it
    assert isinstance(storage, BatchingStorage)
    return storage


def _replace_attributes(
    session: Session, model: type[BaseModel], rows: list[_Row]
) -> list[_Row]:
    """Remove what `rows` replace; of rows with the same key return the last one."""
    last = {(row["trial_id"], row["key"]): row for row in rows}
    for trial_id, key in last:
        session.execute(
            delete(model).where(model.trial_id == trial_id, model.key == key)
        )
    return list(last.values())


def _report_row(trial_id: int, step: int, value: float) -> _Row:
    stored, kind = TrialIntermediateValueModel.intermediate_value_to_stored_repr(value)
    return {
        "trial_id": trial_id,
        "step": step,
        "intermediate_value": stored,
        "intermediate_value_type": kind,
    }
