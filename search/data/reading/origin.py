"""Where in a file, or in which file of an archive, the rows of a table stand."""

from dataclasses import dataclass, field

import numpy as np

from search.data.findings import shown


@dataclass(frozen=True)
class Origin:
    """What the line number alone does not tell about a row.

    Attributes
    ----------
    members
        Names of the files in an archive; empty for a file by itself.
    member_of
        Position in `members` of the file of each row, of shape (n_rows,).
    step_of
        Zero-based position of each row in its line, of shape (n_rows,), where one line
        holds a whole sequence; otherwise None.
    step_columns
        For each column of the table, the columns of the file that hold its steps.
    """

    members: tuple[str, ...] = ()
    member_of: np.ndarray | None = None
    step_of: np.ndarray | None = None
    step_columns: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def words(self, position: int, line: int, column: str | None) -> str:
        """Return ``row 7 of 'a.csv', column 'x'`` or ``row 7, column 'x_12'``."""
        text = f"row {line}"
        if self.member_of is not None:
            text += f" of {shown(self.members[int(self.member_of[position])])}"
        if self.step_of is None:
            return text if column is None else f"{text}, column {shown(column)}"
        step = int(self.step_of[position])
        if column in self.step_columns:
            return f"{text}, column {shown(self.step_columns[column][step])}"
        text = f"{text}, value {step + 1}"
        return text if column is None else f"{text} of {shown(column)}"
