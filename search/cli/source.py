"""From the options of `run` to a series and the settings of a study."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import msgspec
import pandas as pd

from search.cli.arguments import cell_name
from search.cli.group_source import FoundGroups
from search.cli.reading import names_of, read_file, read_series_table
from search.config import Budget, CalendarCycle, Roles, Task, Training
from search.data.columns import suggest_time
from search.data.groups.record import BuiltGroups
from search.data.seasons import detect_season
from search.data.series import BuiltSeries, build_series
from search.data.settings import SeriesSettings
from search.data.source import Source
from search.data.table import Table
from search.errors import ConfigError
from search.evaluation.calendar import CYCLES, fitting_cycles
from search.space.defaults import default_space, suggest_task
from search.space.earlier import current
from search.space.file import parse_space
from search.space.lines import Line, Space, Value
from search.space.task_defaults import suggest_sample_task
from search.space.task_spaces import task_space
from search.study.settings import StudySettings

_Limit = TypeVar("_Limit", int, float)


def build_from_options(options: argparse.Namespace) -> BuiltSeries:
    """Read the file and build the series that the options describe.

    Raises
    ------
    UserInputError
        If file, columns or choices cannot be used.
    """
    table = read_series_table(options)
    columns = [str(name) for name in table.frame.columns]
    time = _time_columns(options.time, table, columns)
    roles = _roles(options, columns, time)
    settings = SeriesSettings(
        time=time,
        roles=roles,
        time_format=options.time_format,
        day_first=options.day_first,
        frequency=options.frequency,
        duplicates=options.duplicates,
        irregular=options.irregular,
        missing=options.missing,
        unreadable=options.unreadable,
        bad_time=options.bad_time,
    )
    built = build_series(table, settings)
    calendar = _calendar(options.calendar, built.values.index)
    return replace(built, roles=replace(built.roles, calendar=calendar))


def settings_from_options(
    options: argparse.Namespace, built: BuiltSeries
) -> StudySettings:
    """Return the settings of the study; what was not given is chosen from the data.

    Raises
    ------
    UserInputError
        If a setting, or several together, cannot work.
    """
    n_rows = len(built.values)
    season = options.season
    if season is None:
        first = built.values[built.roles.targets[0]].to_numpy()
        season = detect_season(first, built.source.frequency)
    task = suggest_task(
        n_rows,
        horizon=options.horizon,
        holdout=options.holdout,
        folds=options.folds,
        season=season,
        score=options.score or "rmse",
    )
    base = default_space(n_rows, built.roles, task)
    return _study_settings(options, built.source, built.roles, task, base)


def settings_from_groups(
    options: argparse.Namespace, found: FoundGroups
) -> StudySettings:
    """Return the settings of a study of groups; see `settings_from_options`."""
    built = found.built
    task = suggest_sample_task(found.panel, found.wishes)
    base = task_space(found.panel, built.roles, task)
    return _study_settings(options, built.source, built.roles, task, base)


def _study_settings(
    options: argparse.Namespace, source: Source, roles: Roles, task: Task, base: Space
) -> StudySettings:
    return StudySettings(
        name=options.name or options.file.stem[:80],
        source=source,
        roles=roles,
        task=task,
        space=_space(options, base),
        budget=budget_from_options(options),
        training=Training(
            epochs=options.epochs,
            patience=options.patience,
            pruner=options.pruner,
            balance=options.balance,
            refit_seeds=options.refits,
            seed=options.seed,
            deliver=options.deliver,
            tensorboard=options.tensorboard,
        ),
        workers=options.workers,
        enqueue=_enqueued(options.enqueue),
    )


def budget_from_options(options: argparse.Namespace) -> Budget:
    """Return the budget of a new study; the usual trials where no limit was given."""
    stop_early = bool(options.stop_early)
    if options.trials is None and options.timeout is None:
        return Budget(stop_early=stop_early)
    return Budget(options.trials, options.timeout, stop_early)


def changed_budget(options: argparse.Namespace, former: Budget) -> Budget:
    """Return `former` with what was given in its place; a word lifts a limit.

    Raises
    ------
    ConfigError
        If a limit cannot be used, or none is left.
    """
    trials, seconds, stop_early = options.trials, options.timeout, options.stop_early
    return Budget(
        trials=_changed_limit(trials, former.trials),
        seconds=_changed_limit(seconds, former.seconds),
        stop_early=former.stop_early if stop_early is None else stop_early,
    )


def notices(built: BuiltSeries | BuiltGroups) -> tuple[str, ...]:
    """Return what was found in the data, then what was done about it."""
    return (*(finding.message for finding in built.findings), *built.source.repairs)


def _changed_limit(given: _Limit | str | None, former: _Limit | None) -> _Limit | None:
    if given is None:
        return former
    return None if isinstance(given, str) else given


def _time_columns(
    given: str | None, table: Table, columns: Sequence[str]
) -> tuple[str, ...]:
    if given is None:
        return suggest_time(table)
    if given == "none" and "none" not in columns:
        return ()
    return names_of("--time", given, columns)


def _roles(
    options: argparse.Namespace, columns: Sequence[str], time: tuple[str, ...]
) -> Roles:
    targets = names_of("--target", options.target, columns)
    known = names_of("--known", options.known, columns)
    taken = {*time, *targets, *known}
    if options.features == "all" and "all" not in columns:
        features = tuple(name for name in columns if name not in taken)
    else:
        features = names_of("--features", options.features, columns)
        features = tuple(name for name in features if name not in known)
    return Roles(targets=targets, past_features=features, known_features=known)


def _calendar(given: str, index: pd.Index) -> tuple[CalendarCycle, ...]:
    if given == "none":
        return ()
    if given == "auto":
        return fitting_cycles(index)
    names = [name.strip() for name in given.split(",")]
    unknown = [name for name in names if name not in CYCLES]
    if unknown:
        raise ConfigError(
            f"`--calendar` must be auto, none, or some of {','.join(CYCLES)}, "
            f"got {given!r}."
        )
    return tuple(cycle for cycle in CYCLES if cycle in names)


def _space(options: argparse.Namespace, base: Space) -> Space:
    cells = tuple(dict.fromkeys(cell_name(text) for text in options.cells.split(",")))
    space = base.with_line(Line("cell", choices=cells))
    if options.space is None:
        return space
    return parse_space(read_file(options.space), space)


def _enqueued(path: Path | None) -> tuple[dict[str, Value], ...]:
    if path is None:
        return ()
    content = read_file(path)
    try:
        found = current(msgspec.json.decode(content))
        return msgspec.convert(found, tuple[dict[str, Value], ...])
    except (msgspec.MsgspecError, ValueError) as error:
        raise ConfigError(
            f"{path} must be a JSON list of configurations such as "
            f'[{{"cell": "GRU", "units": 32}}]: {error}.'
        ) from error
