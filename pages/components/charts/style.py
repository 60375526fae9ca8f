"""How a model looks in every chart: the same colour, dash and name everywhere."""

from typing import Any

from pages.components.text import raw_text
from pages.components.theme import (
    BASELINE_COLOURS,
    BASELINE_DASHES,
    CELL_COLOURS,
    CELL_DASHES,
    CELL_SYMBOLS,
)
from search.config import CELLS


def model_name(name: str) -> str:
    """Return the word for a cell or a baseline."""
    return name if name in CELLS else raw_text(f"charts.{name}")


def model_line(name: str, *, width: float = 2) -> dict[str, Any]:
    """Return line and marker of a cell or a baseline."""
    if name in CELLS:
        colour, dash = CELL_COLOURS[name], CELL_DASHES[name]
        symbol, size = CELL_SYMBOLS[name], 8
    else:
        colour, dash = BASELINE_COLOURS[name], BASELINE_DASHES[name]
        symbol, size = "circle-open", 5
    return {
        "line": {"color": colour, "dash": dash, "width": width},
        "marker": {"color": colour, "symbol": symbol, "size": size},
    }
