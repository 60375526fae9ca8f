"""Findings that ask for a decision about rows of groups."""

import numpy as np

from search.data.findings import REFUSE, Finding
from search.data.groups.rows import GroupedRows
from search.data.groups.settings import GROUP_CHOICES, GroupSettings


def choice_finding(
    code: str,
    message: str,
    settings: GroupSettings,
    *,
    setting: str,
    repair: str = "",
    rows: tuple[int, ...] = (),
    column: str | None = None,
    count: int = 0,
) -> Finding:
    """Return a finding that `setting` decides; `repair` counts once it is chosen.

    See `search.data.findings.Finding` for the fields.
    """
    choices = GROUP_CHOICES[setting]
    value = getattr(settings, setting)
    return Finding(
        code,
        "choice",
        message,
        column=column,
        rows=rows,
        count=count,
        setting=setting,
        choices=choices,
        chosen=value if value in (REFUSE, *choices) else None,
        repair=repair if value in choices else "",
    )


def choice_at(
    grouped: GroupedRows,
    places: np.ndarray,
    code: str,
    message: str,
    settings: GroupSettings,
    *,
    setting: str,
    repair: str = "",
    column: str | None = None,
    count: int | None = None,
) -> Finding:
    """Return such a finding about the rows at `places`.

    `count` is their number by default.
    """
    return choice_finding(
        code,
        message,
        settings,
        setting=setting,
        repair=repair,
        rows=grouped.lines(places),
        column=column,
        count=len(places) if count is None else count,
    )
