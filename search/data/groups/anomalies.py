"""Which value of a label column means normal, and the label as 0 and 1."""

from dataclasses import replace

import numpy as np

from search.data.findings import shown
from search.data.groups.record import BuiltGroups
from search.data.groups.suggestion import NORMAL_WORDS
from search.errors import SeriesError


def mark_anomalies(
    built: BuiltGroups, label: str, *, normal: str | None = None
) -> BuiltGroups:
    """Return the groups with 0 in the rows that are normal, and 1 in all others.

    Parameters
    ----------
    built
        Groups of which `label` is the label column.
    label
        Its name; it becomes ``roles.label``.
    normal
        The value that means normal; found where it is None.

    Raises
    ------
    SeriesError
        If no value of the column, or more than one, says that a row is normal.
    """
    classes = built.groups.classes
    place = _normal_place(label, classes, normal)
    others = [name for name in classes if name != classes[place]]
    marks = (built.values[label].to_numpy() != place).astype(np.float64)
    names = (classes[place], others[0] if len(others) == 1 else "anomalous")
    return replace(
        built,
        values=built.values.assign(**{label: marks}),
        groups=replace(built.groups, classes=names),
        roles=replace(built.roles, label=label),
    )


def _normal_place(label: str, classes: tuple[str, ...], normal: str | None) -> int:
    if normal is not None:
        if normal in classes:
            return classes.index(normal)
        raise SeriesError(
            f"Column {shown(label)} has no value {shown(normal)}; it has "
            f"{', '.join(map(shown, classes[:20]))}."
        )
    found = [name for name in classes if name.casefold() in NORMAL_WORDS]
    if len(found) == 1:
        return classes.index(found[0])
    raise SeriesError(
        f"{'No value' if not found else 'More than one value'} of column "
        f"{shown(label)} says that a row is normal "
        f"({', '.join(map(shown, classes[:20]))}). Say which one does."
    )
