"""What an audit says of one suspicion."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "copy",
    "near_copy",
    "transformed_copy",
    "shifted_copy",
    "built_from_future",
    "period_total",
    "repeated_rows",
    "filled_from_future",
    "group_border",
    "gap",
    "border",
    "holdout_border",
    "scaler",
    "changes_with_future",
    "group_on_both_sides",
    "group_twice",
    "group_constant",
    "label_feature",
    "not_normal",
    "judged_rows",
]


@dataclass(frozen=True)
class Suspicion:
    """One way in which forecasts may know more than they will in use.

    Attributes
    ----------
    kind
        Stable identifier; docs/metrics.md describes each.
    message
        One or two plain sentences: what was seen, with its numbers, and what to do.
    column
        The column; None where it is not about one.
    """

    kind: Kind
    message: str
    column: str | None = None
