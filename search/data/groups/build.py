"""From a table to groups: sorted, checked group by group, nothing repaired unseen."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from search.data.findings import REFUSE, Finding, shown
from search.data.groups.clock import read_clock
from search.data.groups.filling import fill_groups, missing_findings
from search.data.groups.labels import Labels, fill_labels, rare_findings, read_labels
from search.data.groups.members import read_members
from search.data.groups.ordering import (
    duplicate_findings,
    order_rows,
    repeated_rows,
    unsorted_findings,
)
from search.data.groups.quantities import Quantities, read_quantities, spread_findings
from search.data.groups.record import BuiltGroups, GroupReport, GroupRows
from search.data.groups.rows import INSERTED, GroupedRows
from search.data.groups.settings import GroupSettings
from search.data.groups.steps import check_steps
from search.data.groups.whole import (
    group_order,
    length_findings,
    order_findings,
    test_groups,
    twin_findings,
)
from search.data.preparation import expand_categories, expand_roles
from search.data.source import Source
from search.data.table import Table
from search.errors import SeriesError


@dataclass(frozen=True)
class _Prepared:
    """Groups as far as they can be made, and all that was found on the way."""

    rows: GroupedRows
    values: pd.DataFrame
    labels: Labels
    categories: dict[str, tuple[str, ...]]
    findings: tuple[Finding, ...]
    repairs: tuple[str, ...] = ()
    filled_ahead: dict[str, int] | None = None
    frequency: str | None = None
    time_format: str | None = None
    test_groups: tuple[str, ...] = ()


def inspect_groups(table: Table, settings: GroupSettings) -> GroupReport:
    """Report what the groups would be and what stands in their way; never raises.

    "Never" covers whatever the file holds; columns in `settings` that the table does
    not have become findings too.
    """
    prepared = _prepare(table, settings)
    rows = prepared.rows
    order = group_order(rows, settings)
    column = settings.class_column
    counts: tuple[int, ...] = ()
    if column is not None and column in prepared.labels.values:
        codes = prepared.labels.values[column].to_numpy()
        codes = codes[rows.starts] if prepared.labels.scope == "group" else codes
        known = codes[~np.isnan(codes)].astype(np.int64)
        n_classes = len(prepared.labels.classes)
        counts = tuple(int(n) for n in np.bincount(known, minlength=n_classes))
    return GroupReport(
        findings=prepared.findings,
        names=tuple(rows.names[int(group)] for group in rows.present[order]),
        lengths=tuple(int(length) for length in rows.lengths[order]),
        n_rows=len(rows),
        frequency=prepared.frequency,
        classes=prepared.labels.classes,
        class_counts=counts,
        label_scope=prepared.labels.scope,
    )


def build_groups(table: Table, settings: GroupSettings) -> BuiltGroups:
    """Build the groups, repaired as chosen.

    Raises
    ------
    SeriesError
        At the first finding that blocks; the message names group, row and column, and
        the setting that would resolve it.
    """
    prepared = _prepare(table, settings)
    for finding in prepared.findings:
        if finding.is_blocking:
            raise SeriesError(_with_choices(finding))
    rows = prepared.rows
    order = group_order(rows, settings)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    new_codes = rows.spread(rank)
    places = np.argsort(new_codes, kind="stable")
    groups = GroupRows(
        codes=new_codes[places],
        names=tuple(rows.names[int(group)] for group in rows.present[order]),
        is_ordered=settings.roles.group is not None and settings.order != "none",
        times=None if rows.time is None else rows.time[places],
        classes=prepared.labels.classes,
        class_column=settings.class_column,
    )
    values = expand_categories(prepared.values, prepared.categories)
    values = pd.concat([values, prepared.labels.values], axis=1)
    roles = replace(
        expand_roles(settings.roles, prepared.categories), group=settings.roles.group
    )
    columns = [*roles.columns, *(n for n in settings.labels if n not in roles.columns)]
    values = values[columns].iloc[places].reset_index(drop=True)
    return BuiltGroups(
        values=values,
        groups=groups,
        roles=roles,
        label_scope=prepared.labels.scope,
        file_rows=_file_rows(rows)[places],
        test_groups=prepared.test_groups,
        source=_source(table, settings, prepared),
        findings=prepared.findings,
    )


def _prepare(table: Table, settings: GroupSettings) -> _Prepared:
    absent = _absent_columns(table, settings)
    if absent:
        nothing = GroupedRows(
            table, np.empty(0, np.int64), np.empty(0, np.int64), (), None
        )
        labels = Labels(pd.DataFrame(), None, (), ())
        return _Prepared(nothing, pd.DataFrame(), labels, {}, tuple(absent))
    members, clock = read_members(table, settings), read_clock(table, settings)
    findings = [*table.findings, *members.findings, *clock.findings]
    rows = order_rows(table, members, clock)
    if not len(rows):
        text = "No row has both a group and a readable time stamp."
        findings.append(Finding("no_rows", "error", text))
        empty = pd.DataFrame(index=pd.RangeIndex(0))
        labels = Labels(empty, None, (), ())
        return _Prepared(rows, empty, labels, {}, tuple(findings))
    findings += unsorted_findings(rows, settings)
    rows, means, found = _without_repeats(rows, settings)
    findings += found
    steps = check_steps(rows, settings)
    findings += steps.findings
    rows = steps.rows
    read = read_quantities(rows, settings)
    values = _with_means(rows, read, means)
    labels = read_labels(rows, settings)
    findings += [*read.findings, *labels.findings]
    findings += missing_findings(rows, settings, values)
    filled = fill_groups(
        rows, values, rule=settings.missing, texts=tuple(read.categories)
    )
    label_keep, label_values, found = fill_labels(rows, settings, labels)
    findings += found
    keep = filled.keep & label_keep
    rows, values = rows.kept(keep), _kept(filled.values, keep)
    labels = replace(labels, values=_kept(label_values, keep))
    prepared = _Prepared(
        rows,
        values,
        labels,
        read.categories,
        tuple(findings),
        filled.repairs,
        filled.filled_ahead,
        steps.frequency,
        clock.format,
    )
    return _as_a_whole(prepared, settings) if len(rows) else _empty(prepared)


def _as_a_whole(prepared: _Prepared, settings: GroupSettings) -> _Prepared:
    """Check the groups as a whole, leaving out those that were chosen to go."""
    rows, values, labels = prepared.rows, prepared.values, prepared.labels
    findings = list(prepared.findings)

    def leave(keep: np.ndarray, found: list[Finding]) -> None:
        nonlocal rows, values, labels
        findings.extend(found)
        if not keep.all():
            rows, values = rows.kept(keep), _kept(values, keep)
            labels = replace(labels, values=_kept(labels.values, keep))

    is_by_group = labels.scope == "group"
    leave(*length_findings(rows, settings, may_be_whole=is_by_group))
    leave(*twin_findings(rows, settings, values))
    if labels.scope is not None and len(rows):
        scope, classes = labels.scope, labels.classes
        leave(*rare_findings(rows, settings, labels.values, scope, classes))
    if not len(rows):
        return _empty(replace(prepared, rows=rows, findings=tuple(findings)))
    findings += order_findings(rows, settings)
    tests, found = test_groups(rows, settings)
    findings += [*found, *spread_findings(rows, settings, values)]
    labels, found = _used_classes(labels, settings)
    findings += found
    return replace(
        prepared,
        rows=rows,
        values=values,
        labels=labels,
        findings=tuple(findings),
        test_groups=tests,
    )


def _used_classes(
    labels: Labels, settings: GroupSettings
) -> tuple[Labels, list[Finding]]:
    """Return the classes numbered anew where groups of some were left out."""
    column = settings.class_column
    if column is None or not labels.classes:
        return labels, []
    codes = labels.values[column].to_numpy()
    known = np.unique(codes[~np.isnan(codes)]).astype(np.int64)
    if len(known) == len(labels.classes):
        return labels, []
    found = []
    if len(known) < 2 <= len(labels.classes):
        text = (
            f"Fewer than two classes of column {shown(column)} are left, so there is "
            "nothing to tell apart. Keep more groups."
        )
        found.append(Finding("one_class", "error", text, column))
    rank = np.full(len(labels.classes), np.nan)
    rank[known] = np.arange(len(known))
    new = np.full(len(codes), np.nan)
    is_known = ~np.isnan(codes)
    new[is_known] = rank[codes[is_known].astype(np.int64)]
    values = labels.values.assign(**{column: new})
    classes = tuple(labels.classes[code] for code in known)
    return replace(labels, values=values, classes=classes), found


def _empty(prepared: _Prepared) -> _Prepared:
    text = "No row is left under these settings. Fill missing values or keep more."
    finding = Finding("no_rows", "error", text)
    return replace(prepared, findings=(*prepared.findings, finding))


def _without_repeats(
    rows: GroupedRows, settings: GroupSettings
) -> tuple[GroupedRows, np.ndarray | None, list[Finding]]:
    """Return rows of distinct time stamps, and for each run of repeats its rows.

    The runs are needed for means only: an array of run numbers for the rows before.
    """
    is_repeated = repeated_rows(rows)
    found = duplicate_findings(rows, settings, is_repeated)
    if not found or settings.duplicates == REFUSE:
        return rows, None, found
    run = np.cumsum(~is_repeated) - 1
    keep = ~is_repeated
    if settings.duplicates == "last":
        keep = np.append(~is_repeated[1:], True)
    means = None
    if settings.duplicates == "mean":
        means = np.full(len(rows.table.frame), -1, dtype=np.int64)
        means[rows.rows] = run
    return rows.kept(keep), means, found


def _with_means(
    rows: GroupedRows,
    read: Quantities,
    run_of: np.ndarray | None,
) -> pd.DataFrame:
    """Return the values, numbers of repeated time stamps as their means.

    Texts, which are positions of categories, stay those of the first row.
    """
    if run_of is None:
        return read.values
    averaged = read.values.copy()
    is_run, is_real = run_of >= 0, rows.rows != INSERTED
    runs = run_of[rows.rows[is_real]]
    for name in map(str, averaged.columns):
        if name not in read.categories:
            numbers = rows.table.numbers(name).values[is_run]
            means = pd.Series(numbers).groupby(run_of[is_run]).mean()
            column = np.full(len(rows), np.nan)
            column[is_real] = means.loc[runs].to_numpy()
            averaged[name] = column
    return averaged


def _kept(frame: pd.DataFrame, keep: np.ndarray) -> pd.DataFrame:
    return frame if keep.all() else frame[keep].reset_index(drop=True)


def _file_rows(rows: GroupedRows) -> np.ndarray:
    lines = np.array(rows.table.file_rows(np.maximum(rows.rows, 0)), dtype=np.int64)
    return np.where(rows.rows == INSERTED, -1, lines)


def _source(table: Table, settings: GroupSettings, prepared: _Prepared) -> Source:
    has_time = prepared.frequency is not None
    repairs = [f.repair for f in prepared.findings if f.repair]
    rules = {
        name: getattr(settings, name)
        for name in ("missing", "unreadable", "duplicates", "gaps", "irregular")
        if getattr(settings, name) != REFUSE
    }
    return Source(
        file_name=table.name,
        reading={
            **table.options.as_reading(),
            "time_format": prepared.time_format,
            **rules,
        },
        time_columns=settings.time if has_time else (),
        order_by=() if has_time else settings.time,
        frequency=prepared.frequency,
        repairs=tuple(dict.fromkeys([*repairs, *prepared.repairs])),
        categories=prepared.categories,
        filled_ahead=prepared.filled_ahead or {},
    )


def _absent_columns(table: Table, settings: GroupSettings) -> list[Finding]:
    extra = (settings.roles.group, settings.label, settings.test_column)
    wanted = [*filter(None, extra), *settings.time, *settings.roles.columns]
    return [
        Finding(
            "no_column",
            "error",
            f"The table has no column {shown(name)}. Choose one of its "
            f"{len(table.frame.columns)} columns.",
            column=name,
        )
        for name in wanted
        if name not in table.frame.columns
    ]


def _with_choices(finding: Finding) -> str:
    if not finding.choices:
        return finding.message
    choices = ", ".join(finding.choices)
    ahead = " (backward_fill looks ahead)" if "backward_fill" in finding.choices else ""
    return f"{finding.message} Choose `{finding.setting}`: {choices}{ahead}."
