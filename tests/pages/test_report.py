"""The report: one file, the numbers of the pages, nothing that runs from outside."""

import re

import pandas as pd
import pytest

from pages.components.report.contents import report_html
from pages.components.report.document import Document
from search.study.folders import StudyHandle
from search.study.results import load_results


def _report(study: StudyHandle) -> str:
    results = load_results(study.folder)
    assert results is not None
    return report_html(study, results)


def _without_scripts(report: str) -> str:
    return re.sub(r"<script.*?</script>", "", report, flags=re.DOTALL)


def test_report_holds_every_part(made_studies: dict[str, StudyHandle]) -> None:
    report = _without_scripts(_report(made_studies["finished"]))
    for heading in (
        "Data",
        "Settings",
        "Search",
        "Comparison",
        "What could be better",
        "Forecast",
        "To reproduce",
    ):
        assert f"<h2>{heading}</h2>" in report
    results = load_results(made_studies["finished"].folder)
    assert results is not None
    assert results.verdict in report
    assert made_studies["finished"].data_sha256 in report
    assert "python -m search run series.csv" in report
    assert report.count("<figure>") >= 6


def test_report_needs_no_network_and_has_the_colours_of_the_theme(
    made_studies: dict[str, StudyHandle],
) -> None:
    report = _report(made_studies["finished"])
    body = report[report.index("<body>") :]
    assert 'src="http' not in report
    assert "<link" not in report
    assert not re.search(r'"#0000(0\d|10|38)"', body)


@pytest.mark.case("X2", "markup in every part of a report")
def test_document_escapes_what_a_user_wrote() -> None:
    document = Document("<b>name</b>")
    document.heading("<i>")
    document.paragraph("<script>alert(1)</script>")
    document.code("</pre><script>")
    document.facts({"<u>": "<script>"})
    document.table(pd.DataFrame({"<s>": ["<script>"]}))
    body = document.render().partition("<body>")[2]
    assert "<script>" not in body
    assert body.count("&lt;script&gt;") == 4
    assert "<b>" not in body
