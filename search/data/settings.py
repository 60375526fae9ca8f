"""How a table becomes a series: every choice that changes data, none made silently."""

from dataclasses import dataclass
from typing import Literal

from search.config import Roles
from search.errors import ConfigError

DuplicateRule = Literal["refuse", "first", "last", "mean"]
IrregularRule = Literal["refuse", "resample", "ignore"]
MissingRule = Literal[
    "refuse", "forward_fill", "interpolate", "drop", "zero", "backward_fill"
]
UnreadableRule = Literal["refuse", "missing"]
BadTimeRule = Literal["refuse", "drop"]

# What each setting may be, in the order in which a page offers it.
CHOICES: dict[str, tuple[str, ...]] = {
    "duplicates": ("first", "last", "mean"),
    "irregular": ("resample", "ignore"),
    "missing": ("forward_fill", "interpolate", "drop", "zero", "backward_fill"),
    "unreadable": ("missing",),
    "bad_time": ("drop",),
    "day_first": ("day_first", "month_first"),
}


@dataclass(frozen=True)
class SeriesSettings:
    """How a table becomes a series; nothing is repaired that is not chosen here.

    Attributes
    ----------
    time
        Columns that make the time stamp; () counts rows.
    roles
        Targets and features by the column names of the file.
    time_format
        ``None`` finds out; otherwise ``iso``, ``epoch_s``, ``epoch_ms``, ``epoch_us``,
        ``epoch_ns``, ``excel``, ``parts`` or a strptime format such as
        ``%d.%m.%Y %H:%M``.
    day_first
        For dates such as 01/02/2024: True reads 1 February, False 2 January, None
        finds out and asks where both are possible.
    frequency
        pandas offset alias of the step; None takes the most common step.
    duplicates
        Which row of a repeated time stamp is kept; ``mean`` averages numbers and
        takes the first text.
    irregular
        What to do with time stamps off the grid of `frequency`: ``resample`` takes
        the mean of each step, ``ignore`` counts rows and forgets the time.
    missing
        How missing values are filled, those of absent time stamps included.
        ``forward_fill`` repeats the last value, ``interpolate`` draws a line to the
        next one, ``zero`` takes 0, ``backward_fill`` takes the next value and so looks
        ahead. ``drop`` leaves rows at both ends out; if rows inside miss a value too,
        those go as well and the rows are counted from then on. Rows at an end where
        the rule finds no value are left out.
    unreadable
        ``missing`` takes texts and infinities in number columns as missing.
    bad_time
        ``drop`` leaves out rows whose time stamp cannot be read.
    """

    time: tuple[str, ...]
    roles: Roles
    time_format: str | None = None
    day_first: bool | None = None
    frequency: str | None = None
    duplicates: DuplicateRule = "refuse"
    irregular: IrregularRule = "refuse"
    missing: MissingRule = "refuse"
    unreadable: UnreadableRule = "refuse"
    bad_time: BadTimeRule = "refuse"

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            value = getattr(self, name)
            if name != "day_first" and value not in ("refuse", *allowed):
                raise ConfigError(
                    f"`{name}` must be one of refuse, {', '.join(allowed)}, "
                    f"got {value!r}."
                )
        both = sorted(set(self.time) & set(self.roles.columns))
        if both:
            raise ConfigError(
                f"Each column can have one role only; {', '.join(map(repr, both))} is "
                "time and more."
            )
