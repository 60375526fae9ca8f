"""From the options of `run` to groups, where more than one series is forecast."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from search.cli.reading import names_of, read_file_table
from search.config import Roles, TaskKind
from search.data.findings import shown
from search.data.groups.anomalies import mark_anomalies
from search.data.groups.build import build_groups
from search.data.groups.frame import group_frame
from search.data.groups.record import BuiltGroups
from search.data.groups.settings import (
    GROUP_CHOICES,
    GroupOrder,
    GroupSettings,
    TargetKind,
)
from search.data.groups.suggestion import (
    suggest_group,
    suggest_steps,
    suggest_tasks,
    suggest_test_column,
)
from search.data.groups.testing import PART, with_test_table
from search.data.seasons import detect_season
from search.data.table import Table
from search.errors import UserInputError
from search.evaluation.panel import Panel, make_panel
from search.space.task_defaults import TaskWishes

_TARGET_KINDS: dict[TaskKind, TargetKind] = {
    "forecasting": "series",
    "regression": "numbers",
    "classification": "classes",
    "labelling": "classes",
    "anomaly": "series",
}


@dataclass(frozen=True)
class FoundGroups:
    """Groups as the options describe them.

    Attributes
    ----------
    built
        The groups.
    panel
        Their numbers.
    wishes
        What the options say of the task.
    notes
        What was found rather than given, as sentences.
    """

    built: BuiltGroups
    panel: Panel
    wishes: TaskWishes
    notes: tuple[str, ...]


def has_groups(options: argparse.Namespace) -> bool:
    """Whether the options ask for more than the forecast of one series."""
    is_grouped = options.group not in (None, "none") or options.shape not in (
        None,
        "long",
    )
    return options.task != "forecasting" or is_grouped


def groups_from_options(options: argparse.Namespace) -> FoundGroups:
    """Read the files and build the groups that the options describe.

    Raises
    ------
    UserInputError
        If files, columns or choices cannot be used.
    """
    table = read_file_table(options.file, options)
    settings, notes = _settings(options, table)
    if options.test is not None:
        if settings.roles.group is None:
            raise UserInputError(
                "`--test` holds groups; say with --group which column tells the "
                "groups apart."
            )
        tests = read_file_table(options.test, options)
        table = with_test_table(table, tests, group=settings.roles.group)
        settings = replace(settings, test_column=PART)
    built = build_groups(table, settings)
    if options.task == "anomaly" and settings.label is not None:
        built = mark_anomalies(built, settings.label, normal=options.normal)
    frame = group_frame(built.values, built.groups, built.roles)
    panel = make_panel(frame, built.roles, kind=options.task)
    return FoundGroups(built, panel, _wishes(options, built, panel), notes)


def _wishes(
    options: argparse.Namespace, built: BuiltGroups, panel: Panel
) -> TaskWishes:
    is_class = options.task in ("classification", "labelling")
    return TaskWishes(
        kind=options.task,
        classes=built.groups.classes if is_class else (),
        horizon=options.horizon,
        holdout=options.holdout,
        folds=options.folds,
        season=_season(options, built, panel),
        score=options.score,
        samples=options.samples,
        stride=options.stride,
        class_weights=options.class_weights,
        group_order="time" if built.groups.is_ordered else "none",
        test_groups=() if options.holdout else built.test_groups,
        detector=options.detector,
        normal_rows=options.normal_rows,
    )


def _season(options: argparse.Namespace, built: BuiltGroups, panel: Panel) -> int:
    """Return the season of the longest series that is forecast; 1 elsewhere."""
    if options.season is not None:
        return int(options.season)
    if options.task != "forecasting":
        return 1
    longest = int(panel.group_sizes.argmax())
    first = panel.first_rows[longest]
    values = panel.targets[first : first + int(panel.group_sizes[longest]), 0]
    return detect_season(values, built.source.frequency)


def _settings(
    options: argparse.Namespace, table: Table
) -> tuple[GroupSettings, tuple[str, ...]]:
    columns = [str(name) for name in table.frame.columns]
    group, notes = _group(options, table, columns)
    time = _time(options, table, columns, group)
    test = suggest_test_column(table, {*time, *([group] if group else [])})
    label = _one("--label", options.label, columns)
    roles, found = _roles(
        options, table, columns, {*time, *filter(None, (group, test, label))}, group
    )
    if test in roles.columns:
        test = None
    rules = {
        name: getattr(options, name)
        for name in GROUP_CHOICES
        if name not in ("order", "day_first")
    }
    settings = GroupSettings(
        roles=roles,
        time=time,
        target_kind=_TARGET_KINDS[options.task],
        label=label,
        label_scope="row" if options.task == "labelling" else "auto",
        order=_order(options, table, group, time),
        test_column=None if options.test else test,
        folds=options.folds or 2,
        time_format=options.time_format,
        day_first=options.day_first,
        **rules,
    )
    return settings, (*notes, *found)


def _group(
    options: argparse.Namespace, table: Table, columns: Sequence[str]
) -> tuple[str | None, list[str]]:
    if options.group == "none" and "none" not in columns:
        return None, []
    if options.group is not None:
        return _one("--group", options.group, columns), []
    found = suggest_group(table)
    if found is None:
        return None, []
    note = (
        f"Column {shown(found)} tells the groups apart; --group chooses another one, "
        "or none."
    )
    return found, [note]


def _time(
    options: argparse.Namespace, table: Table, columns: Sequence[str], group: str | None
) -> tuple[str, ...]:
    if options.time is None:
        return suggest_steps(table, group)
    if options.time == "none" and "none" not in columns:
        return ()
    return names_of("--time", options.time, columns)


def _roles(
    options: argparse.Namespace,
    table: Table,
    columns: Sequence[str],
    taken: set[str],
    group: str | None,
) -> tuple[Roles, list[str]]:
    """Return the columns, and what was found rather than given.

    Features that are not given are all other columns of numbers, except in a forecast,
    which needs none.
    """
    notes = []
    targets = names_of("--target", options.target, columns)
    kind: TaskKind = options.task
    numbers = [
        name
        for name in columns
        if name not in taken and _is_measured(table.numbers(name).values)
    ]
    if not targets and kind == "anomaly":
        features = set(names_of("--features", options.features, columns))
        targets = tuple(name for name in numbers if name not in features)
        notes.append(f"The columns {', '.join(map(shown, targets[:20]))} are watched.")
    elif not targets:
        targets = _found_target(table, kind)
        notes.append(f"Column {shown(targets[0])} holds what is to be found out.")
    known = names_of("--known", options.known, columns)
    rest = [name for name in numbers if name not in {*targets, *known}]
    is_input = kind in ("forecasting", "anomaly")
    if options.features == "all" and "all" not in columns:
        features_of: tuple[str, ...] = tuple(rest)
    elif options.features is None and not is_input:
        features_of = tuple(rest)
    else:
        given = names_of("--features", options.features, columns)
        features_of = tuple(name for name in given if name not in known)
    roles = Roles(
        targets=targets, past_features=features_of, known_features=known, group=group
    )
    return roles, notes


def _is_measured(values: np.ndarray) -> bool:
    """Tell whether a column holds numbers, and not just those of its rows."""
    steps = np.diff(values)
    counts = len(steps) > 1 and steps[0] != 0 and bool((steps == steps[0]).all())
    return bool(np.isfinite(values).any()) and not counts


def _found_target(table: Table, kind: TaskKind) -> tuple[str, ...]:
    for suggestion in suggest_tasks(table):
        if suggestion.kind == kind:
            return suggestion.settings.roles.targets
    raise UserInputError(
        f"No column of {shown(table.name)} looks like the label of a task of kind "
        f"{kind}; name it with --target."
    )


def _order(
    options: argparse.Namespace,
    table: Table,
    group: str | None,
    time: Sequence[str],
) -> GroupOrder:
    # Without time stamps no group is later than another one.
    if options.group_order is not None or group is None or not time:
        return options.group_order or "none"
    found = [one.settings for one in suggest_tasks(table)]
    orders = [one.order for one in found if one.roles.group == group]
    return orders[0] if orders else "none"


def _one(option: str, given: str | None, columns: Sequence[str]) -> str | None:
    names = names_of(option, given, columns)
    if len(names) > 1:
        raise UserInputError(f"`{option}` takes one column, got {', '.join(names)}.")
    return names[0] if names else None
