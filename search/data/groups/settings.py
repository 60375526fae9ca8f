"""How a table becomes groups of rows: every choice that changes data."""

from dataclasses import dataclass, replace
from typing import Literal

from search.config import Roles
from search.data.findings import REFUSE, Finding
from search.errors import ConfigError, SeriesError

TargetKind = Literal["series", "numbers", "classes"]
LabelScope = Literal["auto", "group", "row"]
GroupOrder = Literal["time", "appearance", "none"]

# What each setting may be, in the order in which a page offers it.
GROUP_CHOICES: dict[str, tuple[str, ...]] = {
    "no_group": ("drop",),
    "float_groups": ("keep",),
    "bad_time": ("drop",),
    "day_first": ("day_first", "month_first"),
    "duplicates": ("first", "last", "mean"),
    "gaps": ("insert", "ignore"),
    "irregular": ("ignore",),
    "unreadable": ("missing",),
    "missing": ("forward_fill", "interpolate", "drop", "zero", "backward_fill"),
    "unlabelled": ("fill", "drop"),
    "label_change": ("row", "last", "first", "majority"),
    "rare_classes": ("keep", "drop"),
    "short": ("drop",),
    "twins": ("keep", "first"),
    "order": ("appearance", "none"),
}
_NOT_RULES = {"day_first", "order"}


@dataclass(frozen=True)
class GroupSettings:
    """How a table becomes groups; nothing is repaired that is not chosen here.

    Rules apply within a group: no value is ever taken from another one.

    Attributes
    ----------
    roles
        Targets, features and ``group``, the column that tells the groups apart; None
        takes all rows as one group.
    time
        Columns that make the time stamp, or one column of numbers that count steps;
        () keeps the order of the file.
    target_kind
        ``series``: targets are measured and forecast (or watched for anomalies).
        ``numbers``: targets are values that belong to a group or row, and are no
        inputs. ``classes``: the one target holds class names.
    label
        Column with known classes of rows beside targets that are ``series``, such as
        anomalies; None without one.
    label_scope
        Whether a label belongs to its ``group`` or its ``row``; ``auto`` finds out.
    order
        Order of the groups: ``time`` by their first time stamps, ``appearance`` as in
        the file, taken as an order in time, ``none`` where no group is later.
    test_column
        Column whose value is ``test`` in all rows of the groups of an official test
        set; None without one.
    folds
        Folds that the groups will be split into.
    min_length
        Fewest rows of a group.
    time_format, day_first
        As in `search.data.settings.SeriesSettings`.
    no_group
        ``drop`` leaves out rows without a group.
    float_groups
        ``keep`` takes numbers with decimals as names of groups.
    bad_time
        ``drop`` leaves out rows whose time stamp cannot be read.
    duplicates
        Which row of a time stamp that repeats within a group is kept.
    gaps
        ``insert`` makes absent steps within a group rows of missing values;
        ``ignore`` counts rows.
    irregular
        ``ignore`` counts rows where steps within a group differ.
    unreadable
        ``missing`` takes texts and infinities in number columns as missing.
    missing
        How missing values are filled within each group; as in `SeriesSettings`. Rows
        that a rule cannot fill are left out.
    unlabelled
        ``fill`` gives rows the label of their group, ``drop`` leaves them out.
    label_change
        What a label that changes within a group means: ``row`` takes it as the label
        of each row; ``last``, ``first`` and ``majority`` give the group one label.
    rare_classes
        ``drop`` leaves out groups of classes with too few groups to be split.
    short
        ``drop`` leaves out groups with fewer than `min_length` rows.
    twins
        What becomes of groups with equal values: ``first`` keeps one of them.
    """

    roles: Roles
    time: tuple[str, ...] = ()
    target_kind: TargetKind = "series"
    label: str | None = None
    label_scope: LabelScope = "auto"
    order: GroupOrder = "none"
    test_column: str | None = None
    folds: int = 5
    min_length: int = 2
    time_format: str | None = None
    day_first: bool | None = None
    no_group: str = REFUSE
    float_groups: str = REFUSE
    bad_time: str = REFUSE
    duplicates: str = REFUSE
    gaps: str = REFUSE
    irregular: str = REFUSE
    unreadable: str = REFUSE
    missing: str = REFUSE
    unlabelled: str = REFUSE
    label_change: str = REFUSE
    rare_classes: str = REFUSE
    short: str = REFUSE
    twins: str = REFUSE

    def __post_init__(self) -> None:
        for name in set(GROUP_CHOICES) - _NOT_RULES:
            _check_choice(name, getattr(self, name), (REFUSE, *GROUP_CHOICES[name]))
        _check_choice("target_kind", self.target_kind, ("series", "numbers", "classes"))
        _check_choice("label_scope", self.label_scope, ("auto", "group", "row"))
        _check_choice("order", self.order, ("time", "appearance", "none"))
        for name, lowest in (("folds", 2), ("min_length", 1)):
            if getattr(self, name) < lowest:
                raise ConfigError(
                    f"`{name}` must be at least {lowest}, got {getattr(self, name)}."
                )
        if self.target_kind == "classes" and len(self.roles.targets) != 1:
            raise ConfigError(
                f"Classes need one label column; {', '.join(self.roles.targets)} are "
                f"{len(self.roles.targets)}."
            )
        if self.label is not None and self.target_kind != "series":
            raise ConfigError(
                "`label` is for targets that are series; elsewhere the target is the "
                "label."
            )
        self._check_distinct()

    def _check_distinct(self) -> None:
        others = [self.roles.group, self.label, self.test_column]
        used = [*self.roles.columns, *self.time, *filter(None, others)]
        twice = sorted({name for name in used if used.count(name) > 1})
        if twice:
            raise ConfigError(
                f"Each column can have one role only; {', '.join(map(repr, twice))} "
                "has two."
            )

    @property
    def labels(self) -> tuple[str, ...]:
        """Columns that hold labels, which are never filled like measurements."""
        if self.target_kind != "series":
            return self.roles.targets
        return () if self.label is None else (self.label,)

    @property
    def class_column(self) -> str | None:
        """Column that holds class names; None without classes."""
        return self.roles.targets[0] if self.target_kind == "classes" else self.label

    @property
    def measured(self) -> tuple[str, ...]:
        """Columns of measurements: what labels leave."""
        return tuple(name for name in self.roles.columns if name not in self.labels)


def apply_group_choice(
    settings: GroupSettings, finding: Finding, choice: str
) -> GroupSettings:
    """Return the settings with `choice` taken for `finding`.

    Raises
    ------
    SeriesError
        If the finding does not offer the choice.
    """
    if finding.setting is None or choice not in (*finding.choices, REFUSE):
        raise SeriesError(
            f"`choice` must be one of {', '.join(finding.choices) or 'none'}, got "
            f"{choice!r}."
        )
    if finding.setting == "day_first":
        orders = {"day_first": True, "month_first": False}
        return replace(settings, day_first=orders.get(choice))
    return replace(settings, **{finding.setting: choice})  # type: ignore[arg-type]


def _check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigError(
            f"`{name}` must be one of {', '.join(allowed)}, got {value!r}."
        )
