"""A self-contained HTML document: headings, sentences, tables and figures."""

import html
from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st
from plotly.io import to_html
from plotly.offline import get_plotlyjs

from pages.components.charts.record import Chart
from pages.components.text import spoken

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1b2422; margin: 2rem auto;
  max-width: 60rem; padding: 0 1rem; }
h1 { line-height: 1.2; } h2 { margin-top: 2.5rem; border-bottom: 1px solid #cfd8d5; }
table { border-collapse: collapse; font-size: 0.85rem; margin: 0.75rem 0; }
th, td { border: 1px solid #cfd8d5; padding: 0.25rem 0.5rem; text-align: right; }
th:first-child, td:first-child, .facts td { text-align: left; }
.scroll { overflow-x: auto; }
.verdict { border-left: 0.4rem solid #0f6b62; padding: 0.25rem 1rem; }
.note { color: #5c6764; font-size: 0.9rem; }
pre { background: #f2f5f4; padding: 0.75rem; overflow-x: auto; font-size: 0.8rem;
  white-space: pre-wrap; }
figure { margin: 1rem 0; break-inside: avoid; }
figcaption { font-size: 0.9rem; color: #5c6764; }
@media print { body { max-width: none; margin: 0; } h2 { break-after: avoid; } }
"""


class Document:
    """Collects the parts of a report; all texts are escaped.

    Parameters
    ----------
    title
        Title of the document and its first heading.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._parts = [f"<h1>{html.escape(title)}</h1>"]

    def heading(self, words: str) -> None:
        """Add a heading."""
        self._parts.append(f"<h2>{html.escape(words)}</h2>")

    def paragraph(self, words: str, *, kind: str = "") -> None:
        """Add a paragraph; `kind` is ``verdict`` or ``note``."""
        name = f' class="{kind}"' if kind else ""
        self._parts.append(f"<p{name}>{html.escape(spoken(words))}</p>")

    def code(self, words: str) -> None:
        """Add a text to be copied."""
        self._parts.append(f"<pre>{html.escape(words)}</pre>")

    def facts(self, facts: Mapping[str, object]) -> None:
        """Add a table of names and values."""
        rows = "".join(
            f"<tr><td>{html.escape(name)}</td><td>{html.escape(str(value))}</td></tr>"
            for name, value in facts.items()
        )
        self._parts.append(
            f'<div class="scroll"><table class="facts">{rows}</table></div>'
        )

    def table(self, rows: pd.DataFrame) -> None:
        """Add a table; its cells are shown as they are written."""
        written = rows.to_html(index=False, border=0, na_rep="–", escape=True)
        self._parts.append(f'<div class="scroll">{written}</div>')

    def chart(self, chart: Chart) -> None:
        """Add a figure with its title and its sentence."""
        drawn = to_html(
            chart.figure,
            full_html=False,
            include_plotlyjs=False,
            config={"displayModeBar": False, "responsive": True},
        )
        for placeholder, colour in _colours().items():
            drawn = drawn.replace(f'"{placeholder}"', f'"{colour}"')
        title = html.escape(spoken(chart.title))
        caption = html.escape(spoken(chart.summary))
        self._parts.append(
            f"<figure><strong>{title}</strong>{drawn}"
            f"<figcaption>{caption}</figcaption></figure>"
        )

    def render(self) -> str:
        """Return the document; it needs no other file and no network."""
        return "\n".join(
            [
                '<!doctype html><html lang="en"><head><meta charset="utf-8">',
                '<meta name="viewport" content="width=device-width, initial-scale=1">',
                f"<title>{html.escape(self._title)}</title>",
                f"<style>{_STYLE}</style>",
                f"<script>{get_plotlyjs()}</script></head><body>",
                *self._parts,
                "</body></html>",
            ]
        )


def _colours() -> dict[str, str]:
    """Return the colours of the light theme by their placeholders."""
    colours: Sequence[str] = st.get_option("theme.light.chartCategoricalColors") or ()
    named = {f"#{place:06d}": colour for place, colour in enumerate(colours, 1)}
    background = str(st.get_option("theme.light.backgroundColor") or "#ffffff")
    return {**named, "#000038": background}
