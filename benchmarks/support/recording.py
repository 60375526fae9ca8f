"""Writes the tables of the benchmarks into `RESULTS.md`, one section each."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from benchmarks.support.places import RESULTS


def record(title: str, body: str) -> None:
    """Replace the section `title` of `RESULTS.md`, or append it.

    Parameters
    ----------
    title
        Heading of the section; the same one each time the benchmark runs.
    body
        Markdown: what was compared, the command, the table. The date and the machine
        are put before it.
    """
    section = f"## {title}\n\n{_circumstances()}\n\n{body.strip()}\n"
    parts = RESULTS.read_text().split("\n## ")
    head, sections = parts[0], [f"## {part.strip()}\n" for part in parts[1:]]
    places = [
        place
        for place, old in enumerate(sections)
        if old.splitlines()[0] == f"## {title}"
    ]
    if places:
        sections[places[0]] = section
    else:
        sections.append(section)
    RESULTS.write_text("\n".join([head.strip() + "\n", *sections]))


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _circumstances() -> str:
    today = datetime.now(UTC).date().isoformat()
    return (
        f"{today}, {os.cpu_count()} processor cores (load "
        f"{os.getloadavg()[0]:.1f} at the end), Python {platform.python_version()}, "
        f"TensorFlow {version('tensorflow')}, Keras {version('keras')}."
    )
