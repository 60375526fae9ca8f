"""Whether the rows of a table are time steps or whole sequences."""

from dataclasses import dataclass, replace

import numpy as np

from search.data.findings import counted, shown
from search.data.reading.options import ReadOptions, Shape
from search.data.reading.wide import find_channels
from search.data.table import Table

_LEAST_STEPS = 8
_MOST_CLASSES = 100


@dataclass(frozen=True)
class ShapeGuess:
    """What a row of a table seems to be.

    Attributes
    ----------
    shape
        ``long`` or ``wide``; what `ReadOptions.shape` should be.
    reason
        One sentence for the person who uploaded the file.
    label
        What `ReadOptions.label` should be.
    """

    shape: Shape
    reason: str
    label: str | None = None


def guess_shape(table: Table) -> ShapeGuess:
    """Tell whether a table that was read as ``long`` looks ``wide``.

    Nothing is changed: the guess is shown, and holds once `read_table` is called with
    it. A table is ``wide`` where all columns but a few are numbered steps, or, without
    names, where the first column holds whole numbers that come again and again.
    """
    if table.options.format == "ts":
        return ShapeGuess("long", "A .ts file holds one sequence a line.")
    if table.options.format == "zip":
        return ShapeGuess("long", "An archive holds one sequence a file.")
    names = [str(name) for name in table.frame.columns]
    if not table.options.header and len(names) > _LEAST_STEPS:
        classes = _codes_in_first_column(table)
        if classes:
            return ShapeGuess(
                "wide",
                f"The file has no header, and its first column holds "
                f"{counted(classes, 'whole number')} again and again, as labels do; "
                f"then each row is a sequence of {len(names) - 1:,} steps.",
                label=names[0],
            )
    channels = find_channels(names) if table.options.header else ()
    n_steps = len(channels[0].columns) if channels else 0
    is_even = all(len(channel.columns) == n_steps for channel in channels)
    n_others = len(names) - n_steps * len(channels)
    if n_steps >= _LEAST_STEPS and is_even and n_others <= min(5, n_steps // 2):
        first = channels[0].columns
        return ShapeGuess(
            "wide",
            f"The columns {shown(first[0])} to {shown(first[-1])} are numbered like "
            f"the steps of a sequence; then each row is one, with "
            f"{counted(len(channels), 'channel')} of {n_steps:,} steps.",
        )
    return ShapeGuess("long", "Each row is one point in time.")


def wide_options(options: ReadOptions, guess: ShapeGuess) -> ReadOptions:
    """Return the reading options with a guess taken."""
    return replace(options, shape=guess.shape, label=guess.label)


def _codes_in_first_column(table: Table) -> int:
    """Return the classes in the first column; 0 where it holds measurements."""
    numbers = table.numbers(str(table.frame.columns[0]))
    values = numbers.values
    if numbers.n_numbers < len(values) or not (values == np.round(values)).all():
        return 0
    n_values = len(np.unique(values))
    return n_values if 1 < n_values <= min(_MOST_CLASSES, len(values) // 2) else 0
