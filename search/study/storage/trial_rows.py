"""Trials read from Optuna's tables, with few queries and nothing built twice.

Optuna makes an object of every row, and a distribution for each parameter of each
trial: six seconds and 150 MB for 5,000 trials. This takes a tenth. The tables are
those of the version that Optuna checks when the storage is opened.
"""

import json
import math
from collections import defaultdict
from collections.abc import Collection, Container
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

import sqlalchemy
from optuna.distributions import BaseDistribution, json_to_distribution
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import Connection, DateTime, Select, and_, column, func, or_, select

_STUDY = sqlalchemy.table(
    "study_user_attributes", column("study_id"), column("key"), column("value_json")
)
_TRIALS = sqlalchemy.table(
    "trials",
    column("trial_id"),
    column("study_id"),
    column("number"),
    column("state"),
    column("datetime_start", DateTime),
    column("datetime_complete", DateTime),
)
_PARAMS = sqlalchemy.table(
    "trial_params",
    column("param_id"),
    column("trial_id"),
    column("param_name"),
    column("param_value"),
    column("distribution_json"),
)
_USER = sqlalchemy.table(
    "trial_user_attributes", column("trial_id"), column("key"), column("value_json")
)
_SYSTEM = sqlalchemy.table(
    "trial_system_attributes", column("trial_id"), column("key"), column("value_json")
)
_VALUES = sqlalchemy.table(
    "trial_values", column("trial_id"), column("value"), column("value_type")
)
_REPORTS = sqlalchemy.table(
    "trial_intermediate_values",
    column("trial_id"),
    column("step"),
    column("intermediate_value"),
    column("intermediate_value_type"),
)
_FEW = 500
_Wanted = Select[Any] | list[int]
_Entry = TypeVar("_Entry")
_ById = defaultdict[int, dict[str, _Entry]]
_NOT_FINITE = {"INF_POS": math.inf, "INF_NEG": -math.inf, "NAN": math.nan}


class LightStorage(RDBStorage):
    """A storage for reading: the trials are Optuna's, but made more cheaply."""

    def _get_trials(
        self,
        study_id: int,
        states: Container[TrialState] | None,
        included_trial_ids: set[int],
        trial_id_greater_than: int,
    ) -> list[FrozenTrial]:
        with self.engine.connect() as connection:
            trials = load_trials(
                connection,
                study_id,
                after=trial_id_greater_than,
                among=included_trial_ids,
                is_whole=True,
            )
        if not trials:
            self.get_study_name_from_id(study_id)  # KeyError if there is no such study
        if states is None:
            return trials
        return [trial for trial in trials if trial.state in states]


def study_attribute(connection: Connection, study_id: int, key: str) -> Any:
    """Return a user attribute of a study; None if there is none."""
    query = select(_STUDY.c.value_json).where(
        _STUDY.c.study_id == study_id, _STUDY.c.key == key
    )
    stored = connection.execute(query).scalar()
    return None if stored is None else json.loads(stored)


def trial_numbers(connection: Connection, study_id: int) -> tuple[int, ...]:
    """Return the numbers of the trials of a study, in the order of their ids."""
    query = (
        select(_TRIALS.c.number)
        .where(_TRIALS.c.study_id == study_id)
        .order_by(_TRIALS.c.trial_id)
    )
    return tuple(connection.scalars(query))


def load_trials(
    connection: Connection,
    study_id: int,
    *,
    after: int,
    among: Collection[int],
    is_whole: bool = False,
) -> list[FrozenTrial]:
    """Return the trials that may have changed, in the order of their storage ids.

    They are those of `study.get_trials`, but unless they are to be whole, they have
    of the reports the last one alone, no distributions, and times that say that they
    are UTC.

    Parameters
    ----------
    connection
        To a storage from `cached_reader`.
    study_id
        Id of the Optuna study in the storage.
    after
        Trials with a larger storage id are wanted; -1 for all.
    among
        Storage ids of older trials that are wanted too.
    is_whole
        Whether everything is wanted, exactly as Optuna has it.
    """
    is_new = _TRIALS.c.trial_id > after
    if among:
        is_new = or_(is_new, _TRIALS.c.trial_id.in_(list(among)))
    is_wanted = and_(_TRIALS.c.study_id == study_id, is_new)
    query = select(_TRIALS).where(is_wanted).order_by(_TRIALS.c.trial_id)
    # A trial that ends meanwhile is one that still runs, because its state, which is
    # written last, is read first.
    rows = connection.execute(query).all()
    if not rows:
        return []
    # A few are looked up one by one, so that news cost the same in a large study.
    wanted: _Wanted = [row.trial_id for row in rows]
    if len(rows) > _FEW:
        wanted = select(_TRIALS.c.trial_id).where(is_wanted)
    params, distributions = _read_params(connection, wanted)
    user = _read_attributes(connection, _USER, wanted)
    system = _read_attributes(connection, _SYSTEM, wanted)
    values = _read_values(connection, wanted)
    reports = _read_reports(connection, wanted, only_last=not is_whole)
    moment = _local if is_whole else _utc
    return [
        FrozenTrial(
            number=row.number,
            state=TrialState[row.state],
            value=values.get(row.trial_id),
            datetime_start=moment(row.datetime_start),
            datetime_complete=moment(row.datetime_complete),
            params=params[row.trial_id],
            distributions=distributions[row.trial_id] if is_whole else {},
            user_attrs=user[row.trial_id],
            system_attrs=system[row.trial_id],
            intermediate_values=reports[row.trial_id],
            trial_id=row.trial_id,
        )
        for row in rows
    ]


def _read_params(
    connection: Connection, wanted: _Wanted
) -> tuple[_ById[Any], _ById[BaseDistribution]]:
    """Return the parameters and their distributions, in the order of suggestion."""
    params: _ById[Any] = defaultdict(dict)
    distributions: _ById[BaseDistribution] = defaultdict(dict)
    query = _rows_of(_PARAMS, wanted).order_by(_PARAMS.c.param_id)
    for _, key, name, value, text in connection.execute(query).all():
        distribution = _distribution(text)
        params[key][name] = distribution.to_external_repr(value)
        distributions[key][name] = distribution
    return params, distributions


def _read_attributes(
    connection: Connection, table: sqlalchemy.TableClause, wanted: _Wanted
) -> _ById[Any]:
    attributes: _ById[Any] = defaultdict(dict)
    for key, name, value in connection.execute(_rows_of(table, wanted)).all():
        attributes[key][name] = json.loads(value)
    return attributes


def _read_values(connection: Connection, wanted: _Wanted) -> dict[int, float]:
    return {
        key: _NOT_FINITE.get(kind, value)
        for key, value, kind in connection.execute(_rows_of(_VALUES, wanted)).all()
    }


def _read_reports(
    connection: Connection, wanted: _Wanted, *, only_last: bool
) -> defaultdict[int, dict[int, float]]:
    query = _rows_of(_REPORTS, wanted)
    if only_last:
        last = (
            select(_REPORTS.c.trial_id, func.max(_REPORTS.c.step).label("step"))
            .where(_REPORTS.c.trial_id.in_(wanted))
            .group_by(_REPORTS.c.trial_id)
            .subquery()
        )
        is_last = and_(
            _REPORTS.c.trial_id == last.c.trial_id, _REPORTS.c.step == last.c.step
        )
        query = select(_REPORTS).join(last, is_last)
    reports: defaultdict[int, dict[int, float]] = defaultdict(dict)
    for key, step, value, kind in connection.execute(query).all():
        reports[key][step] = _NOT_FINITE.get(kind, value)
    return reports


def _rows_of(table: sqlalchemy.TableClause, wanted: _Wanted) -> Select[Any]:
    """Return the query for the rows of `table` that belong to the `wanted` trials."""
    return select(table).where(table.c.trial_id.in_(wanted))


@lru_cache(maxsize=1024)
def _distribution(text: str) -> BaseDistribution:
    return json_to_distribution(text)


def _utc(moment: datetime | None) -> datetime | None:
    """Return an aware time; the storage keeps naive ones, in UTC."""
    return None if moment is None else moment.replace(tzinfo=UTC)


def _local(moment: datetime | None) -> datetime | None:
    """Return the naive local time that Optuna makes of it."""
    aware = _utc(moment)
    return None if aware is None else aware.astimezone().replace(tzinfo=None)
