"""Names that people give stay text, wherever they are shown."""

import ast
import re
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import pytest
from rich.markdown import Markdown

from pages.components.charts.record import Chart
from pages.components.csv_files import csv_bytes
from pages.components.downloads import study_file_name
from pages.components.report.document import Document
from pages.components.text import chart_plain, plain, text
from search.environment import Environment
from tests.faults.web.hostile import HOSTILE
from tests.pages.study_factory import make_settings, new_study

PAGES = Path(__file__).parents[2] / "pages"
DANGEROUS = re.compile(r"<(?:script|img|svg|iframe|style|a|b|title)\b", re.I)


def inline_tokens(markdown: str) -> list[str]:
    """Return what a reader of markdown finds in a text besides plain words."""
    found = []
    for block in Markdown(markdown).parsed:
        if block.type not in ("paragraph_open", "paragraph_close", "inline"):
            found.append(block.type)
        found += [one.type for one in block.children or [] if one.type != "text"]
    return found


def test_the_reader_of_markdown_finds_markup() -> None:
    """A check that cannot fail is no check."""
    assert "link_open" in inline_tokens("[go](http://evil.example)")
    assert "html_inline" in inline_tokens("a <img src=x>")
    assert "heading_open" in inline_tokens("# heading")


@pytest.mark.case("X1", "30 hostile strings as markdown: titles, sentences, errors")
def test_hostile_names_are_plain_text_in_markdown(record_property) -> None:
    for name in HOSTILE:
        for shown in (plain(name), text("data.file", name=name, size="1 kB")):
            found = inline_tokens(shown)
            assert [one for one in found if not one.startswith("strong")] == [], name
        [words] = [one.content for one in Markdown(plain(name)).parsed if one.content]
        assert not re.search(r"(?<!\\)[\[\]<>$`*_|#]", words), name
        assert not re.search(r":[A-Za-z+_-]", words), name
    record_property("figure", f"{len(HOSTILE)} strings, 2 places, 0 markup")


@pytest.mark.case("X2", "30 hostile strings in the report: every place, and in charts")
def test_hostile_names_are_plain_text_in_the_report(record_property) -> None:
    for name in HOSTILE:
        document = Document(name)
        document.heading(name)
        document.paragraph(name)
        document.paragraph(plain(name), kind="note")
        document.code(name)
        document.facts({name: name})
        document.table(pd.DataFrame({name: [name]}))
        figure = go.Figure(go.Scatter(y=[1], name=chart_plain(name)))
        figure.update_layout(title=chart_plain(name))
        document.chart(Chart(figure, plain(name), plain(name), pd.DataFrame))
        page = document.render()
        head, _, body = page.rpartition("<body>")
        head = head[: head.index("<script>")]
        assert head.count("<title>") == head.count("</title>") == 1, name
        shown = re.sub(r"<script[^>]*>.*?</script>", "", body, flags=re.DOTALL)
        assert not DANGEROUS.search(shown), name
        assert "<a " not in shown, name
        for script in re.findall(r"<script[^>]*>(.*?)</script>", body, flags=re.DOTALL):
            assert not DANGEROUS.search(script), name
    record_property("figure", f"{len(HOSTILE)} strings, 8 places")


@pytest.mark.case("X2", "30 hostile strings as titles of charts")
def test_hostile_names_are_plain_text_in_charts() -> None:
    """Plotly understands some tags; what it is given holds none."""
    for name in HOSTILE:
        shown = chart_plain(name)
        assert "<" not in shown, name
        assert ">" not in shown, name


@pytest.mark.case("X3", "names that are SQL or paths")
@pytest.mark.case("X4", "hostile study names: the folder is an id")
def test_hostile_names_are_ordinary_study_names(environment: Environment) -> None:
    for name in ("'; DROP TABLE trials;--", "../../etc/passwd", "a/b\\c:d"):
        study = new_study(environment, make_settings(name))
        assert study.settings.name == name
        assert study.folder.parent == environment.studies_dir
        assert re.fullmatch(r"[0-9a-f]{32}", study.folder.name)
        assert re.fullmatch(r"[\w]+_x\.csv", study_file_name(study, "x.csv"))


@pytest.mark.case("X5", "30 hostile strings as titles and cells of a CSV")
def test_hostile_names_compute_nothing_in_a_spreadsheet() -> None:
    table = pd.DataFrame({name: [name, name] for name in HOSTILE})
    written = csv_bytes(table).decode()
    for cell in re.findall(r'(?:^|,)"?(.)', written, re.MULTILINE):
        assert cell not in "=+-@\t\r"


@pytest.mark.case("X1", "source: no page hands data to the browser as markup")
def test_no_page_lets_html_through() -> None:
    """`st.html` shows our own style sheet; a component draws our own empty box."""
    found = []
    for path in sorted(PAGES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "unsafe_allow_html":
                found.append(f"{path.name}: unsafe_allow_html")
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called.split(".")[-1] in ("html", "iframe", "component"):
                    found.append(f"{path.name}: {called}({ast.unparse(node.args[0])})")
    assert found == [
        "live_figure.py: st.components.v2.component('live_figure')",
        "main.py: st.html(here / 'components' / 'style.css')",
    ]
    script = (PAGES / "components" / "live_figure.js").read_text()
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|eval\(", script)
