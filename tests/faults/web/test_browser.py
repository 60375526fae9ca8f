"""In a real browser: hostile names stay text, and no other host is asked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Dialog, Page, sync_playwright

from pages.components.report.contents import report_html
from search.analysis.baselines import make_baselines
from search.config import Budget, Roles, Task, Training
from search.data.source import Source
from search.evaluation.baselines.naive import NAIVE_NAMES
from search.space.defaults import default_space
from search.study.control import wish
from search.study.folders import StudyHandle
from search.study.results import load_results
from search.study.settings import StudySettings
from search.study.studies import create_study
from tests.e2e.conftest import BROWSER_OPTIONS, chromium_path
from tests.faults.web.hostile import HOSTILE
from tests.faults.web.server import WebServer, serving
from tests.pages import study_factory
from tests.pages.study_factory import (
    add_trials,
    finish,
    make_environment,
    make_settings,
    new_study,
    set_state,
)

pytestmark = pytest.mark.faults

PAGES = ("progress", "compare", "forecast", "explain", "data")
N_ROWS = study_factory.N_ROWS
# What a name must not become, wherever it is shown.
BECAME = (
    "img[src='x'], img[src*='evil'], svg[onload], iframe[srcdoc], b[onmouseover], "
    "a[href^='javascript'], a[href*='evil.example']"
)


@dataclass
class Watched:
    """A tab, and everything in it that must not happen."""

    tab: Page
    dialogs: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def visit(self, url: str) -> str:
        """Open a page, wait until it stands still, and return its text."""
        self.tab.goto(url)
        self.tab.wait_for_selector(".stApp", timeout=60_000)
        self.tab.wait_for_function(
            "() => !document.querySelector('[data-testid=stStatusWidget]')"
            " && document.querySelector('.stMain')?.innerText.length > 100",
            timeout=120_000,
        )
        before, shown = "", self._text()
        for _ in range(20):
            if shown == before:
                break
            self.tab.wait_for_timeout(1_500)
            before, shown = shown, self._text()
        return shown

    def _text(self) -> str:
        # An invisible mark keeps signs of markdown apart.
        return str(self.tab.inner_text("body")).replace("\u2060", "")

    def nothing_happened(self) -> None:
        """Fail if a name became markup or ran."""
        assert self.dialogs == []
        assert self.foreign == []
        assert self.tab.evaluate("() => window.x1") is None
        assert self.tab.locator(BECAME).count() == 0
        for frame in self.tab.frames:
            assert frame.url.startswith(("http://127.0.0.1", "about:", "file:")), frame


@pytest.fixture
def watched() -> Iterator[Watched]:
    path = chromium_path()
    if path is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER_OPTIONS)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(60_000)
        watched = Watched(context.new_page())
        tab = watched.tab

        def note_request(url: str) -> None:
            if not re.match(r"(https?|wss?)://127\.0\.0\.1:|data:|blob:|file:", url):
                watched.foreign.append(url)

        def note_dialog(dialog: Dialog) -> None:
            watched.dialogs.append(dialog.message)
            dialog.dismiss()

        tab.on("dialog", note_dialog)
        context.on("request", lambda request: note_request(request.url))
        tab.on("websocket", lambda socket: note_request(socket.url))
        yield watched
        browser.close()


def hostile_study(folder: Path) -> StudyHandle:
    """Return a finished study of hostile columns, file name and study name."""
    names = [re.sub(r"\s+", " ", name) for name in HOSTILE]
    target, past, known = names[0], tuple(names[1:20]), tuple(names[20:])
    hours = np.arange(N_ROWS)
    generator = np.random.default_rng(0)
    columns = {name: generator.normal(size=N_ROWS) for name in (*past, *known)}
    warm = 20 + 6 * np.sin(2 * np.pi * hours / 24) + generator.normal(0, 0.6, N_ROWS)
    index = pd.date_range("2026-03-01", periods=N_ROWS, freq="h", name="time")
    series = pd.DataFrame({target: warm, **columns}, index=index)
    roles = Roles(targets=(target,), past_features=past, known_features=known)
    task = Task(study_factory.HORIZON, study_factory.HOLDOUT, study_factory.N_FOLDS, 24)
    settings = StudySettings(
        name=names[2],
        source=Source(names[1] + ".csv", time_columns=("time",), frequency="h"),
        roles=roles,
        task=task,
        space=default_space(N_ROWS, roles, task),
        budget=Budget(trials=6),
        training=Training(epochs=12, seed=1),
    )
    study = create_study(make_environment(folder), settings, series)
    make_baselines(study, names=NAIVE_NAMES)
    wish(study, "run")
    add_trials(study, "ccc")
    finish(study)
    return study


@pytest.mark.case("X1", "30 hostile strings as study, column, file, error: Chromium")
@pytest.mark.case("R3", "every page, with a watch on all requests of the browser")
def test_hostile_names_are_inert_in_a_browser(
    watched: Watched, tmp_path: Path, record_property
) -> None:
    folder = tmp_path / "studies"
    study = hostile_study(folder)
    for name in HOSTILE:
        one = new_study(study.environment, make_settings(re.sub(r"\s+", " ", name)))
        set_state(one, "failed", f"Training failed: {name}")
        wish(one, "stop")
    n_shown = 0
    with serving(folder) as server:
        for page in PAGES:
            shown = watched.visit(f"{server.origin}/{page}?study={study.uuid}")
            watched.nothing_happened()
            assert "Something went wrong" not in shown, page
            n_shown += sum(_visible(name) in shown for name in HOSTILE)
        shown = watched.visit(f"{server.origin}/studies")
        watched.nothing_happened()
        listed = [name for name in HOSTILE if _visible(name) in shown]
        assert set(HOSTILE) - set(listed) == set()
        shown = watched.visit(f"{server.origin}/studies?study={quote(HOSTILE[1])}")
        watched.nothing_happened()
        assert "onerror" in shown
    figure = f"{len(HOSTILE)} strings, {n_shown + len(listed)} times as text, 0 dialogs"
    record_property("figure", f"{figure}, 0 requests to another host")


def _visible(name: str) -> str:
    """Return a name as a browser shows it: white space is one space."""
    return re.sub(r"\s+", " ", name).strip()


@pytest.mark.case("X2", "the report of a study of hostile names, opened in Chromium")
@pytest.mark.case("R3", "the report, with a watch on all requests of the browser")
def test_a_report_of_hostile_names_is_inert(watched: Watched, tmp_path: Path) -> None:
    study = hostile_study(tmp_path / "studies")
    results = load_results(study.folder)
    assert results is not None
    path = tmp_path / "report.html"
    path.write_text(report_html(study, results), encoding="utf-8")
    watched.tab.goto(path.as_uri())
    watched.tab.wait_for_timeout(3_000)
    watched.nothing_happened()
    assert "<script>window.x1=1</script>" in watched.tab.inner_text("body")
    assert watched.tab.locator(".main-svg").count() > 4


@pytest.mark.case("R3", "all eight pages and optuna-dashboard")
def test_no_page_asks_another_host(
    watched: Watched, server: WebServer, kinds: dict[str, StudyHandle], record_property
) -> None:
    for page in ("", "data", "setup", "studies"):
        watched.visit(f"{server.origin}/{page}")
    for page in ("progress", "compare", "forecast", "explain"):
        watched.visit(f"{server.origin}/{page}?study={kinds['finished'].uuid}")
    watched.tab.goto(f"{server.origin}/dashboard")
    watched.tab.wait_for_timeout(5_000)
    assert "Finished" in watched.tab.inner_text("body")
    assert watched.foreign == []
    record_property("figure", "9 pages, 0 requests to another host")
