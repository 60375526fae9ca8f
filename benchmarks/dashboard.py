"""How light the pages stay: 5,000 stored trials against 10.

Three folders are filled: ``few`` (10 trials), ``many`` (5,000 over 20 studies) and
``one`` (a single study of 5,000, the most that one may have); the last two also hold
a finished study for Compare. A real server serves each of them to a real browser::

    python -m benchmarks.dashboard
    python -m benchmarks.dashboard --quick       # once each, not recorded

*First paint* is the time from the request to the main content of the page, in a
browser without a cache: the first visit after the server started, and a later one.
*A tick* is what the server does every two seconds for a Progress page that somebody
looks at, while trials run and end: the thread that runs the page is timed inside the
server, from the request of the browser's timer to the end of the run. *Memory* is the
resident size of the server process. Needs Chromium.
"""

import argparse
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import psutil
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    WebSocket,
    sync_playwright,
)

from benchmarks.support.places import ROOT
from benchmarks.support.processes import benchmark_command
from benchmarks.support.recording import record, table
from benchmarks.support.stored_studies import (
    add_ended_trials,
    add_epoch,
    add_running,
    add_study,
    fill,
)
from search.environment import Environment
from search.study.folders import StudyHandle
from tests.pages.study_factory import (
    finish,
    hold_supervisor,
    make_environment,
)

WAIT_MS = 120_000
TICK_SECONDS, QUICK_TICK_SECONDS = 40.0, 12.0
N_SESSIONS = 4
PAGES = ("home", "studies", "progress", "compare")
# What one came for, and what a page draws last.
MAIN = {
    "home": "[class*='st-key-home_head_'] >> nth=0",
    "studies": "[class*='st-key-studies_head_'] >> nth=0",
    "progress": ".live-figure .main-svg >> nth=0",
    "compare": ".st-key-verdict",
}
LAST = {
    **{name: f".st-key-{name}_next button" for name in PAGES},
    "compare": ".st-key-compare_search .parcoords >> nth=0",
}
TITLE = "The pages with 10 and with 5,000 trials"
BODY = """\
`python -m benchmarks.dashboard`: a real server and a browser without a cache. First \
paint, the best of several: seconds to the main content / to the last part of the \
page / of processor time of the server. The first visit is the first one after the \
server started, which also loads what no page has used before.

{paints}

A Progress page that somebody looks at, while two trials run and one ends every \
second: processor time and time that the server takes for each timer run of the page \
(median / longest), what it sends for it, and resident memory.

{loads}"""


@dataclass(frozen=True)
class Place:
    """A filled folder: the study that searches and a finished one."""

    name: str
    words: str
    environment: Environment
    searching: StudyHandle
    finished: StudyHandle
    n_trials: int

    def query(self, page: str) -> str:
        """Return the query of `page`."""
        study = {"progress": self.searching, "compare": self.finished}.get(page)
        return f"?study={study.uuid}" if study else ""


@dataclass(frozen=True)
class Paint:
    """What it took to show a page.

    Attributes
    ----------
    main, whole
        Seconds from the request to the main content, and to the last part.
    processor
        Seconds of processor time of the server until then, whatever else the machine
        does.
    """

    main: float
    whole: float
    processor: float


@dataclass(frozen=True)
class Run:
    """One run of a page in the server, in milliseconds."""

    is_tick: bool
    wall: float
    processor: float


@dataclass
class Traffic:
    """Bytes that a browser page gets."""

    n_bytes: int = 0

    def watch(self, socket: WebSocket) -> None:
        """Listen to what the server sends."""
        socket.on("framereceived", self._received)

    def _received(self, content: bytes | str) -> None:
        self.n_bytes += len(content)


@dataclass(frozen=True)
class Load:
    """What one place costs the server beside the first paint."""

    ticks: tuple[Run, ...]
    kilobytes_a_tick: float
    rss_start: float
    rss_visited: float
    rss_sessions: float
    n_log_lines: int


class Server:
    """The application on a free port; its output goes to a file."""

    def __init__(self, environment: Environment) -> None:
        self._folder = environment.studies_dir
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self._port = int(listener.getsockname()[1])
        self.log = self._folder.parent / f"{self._folder.name}.log"
        self.runs_path = self._folder.parent / f"{self._folder.name}.runs"
        self.url = f"http://127.0.0.1:{self._port}"

    @contextmanager
    def running(self) -> Iterator[psutil.Process]:
        """Start the server, wait until it answers, and end it afterwards."""
        variables = dict(os.environ, STUDIES_DIR=str(self._folder))
        variables.pop("STUDIES_STORAGE", None)
        with self.log.open("wb") as output:
            process = subprocess.Popen(
                benchmark_command(
                    "dashboard", "--serve", self.runs_path, str(self._port)
                ),
                cwd=ROOT,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait(process)
            yield psutil.Process(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()

    def runs(self) -> tuple[Run, ...]:
        """Return the page runs so far."""
        lines = self.runs_path.read_bytes().splitlines()
        return tuple(msgspec.json.decode(line, type=Run) for line in lines)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        for _ in range(600):
            if process.poll() is not None:
                break
            try:
                urllib.request.urlopen(self.url + "/_stcore/health", timeout=5).close()
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
            else:
                return
        raise RuntimeError(f"The server did not start: {self.log.read_text()[-2000:]}")


def make_places(folder: Path) -> list[Place]:
    """Fill the three folders."""
    return [
        _place(folder / "few", "1 study, 10 trials", n_studies=1, n_trials=10),
        _place(
            folder / "many", "20 studies, 250 trials each", n_studies=20, n_trials=250
        ),
        _place(folder / "one", "1 study, 5,000 trials", n_studies=1, n_trials=5_000),
    ]


def _place(folder: Path, words: str, *, n_studies: int, n_trials: int) -> Place:
    say(f"filling {folder.name}: {words}")
    environment = make_environment(folder)
    searching = fill(environment, n_studies=n_studies, n_trials=n_trials)
    finished = add_study(environment, "Finished", n_trials, seed=99)
    finish(finished)
    return Place(folder.name, words, environment, searching, finished, n_trials)


def measure_paints(
    browser: Browser, places: list[Place], *, n_repeats: int
) -> dict[tuple[str, str, str], Paint]:
    """Return the quickest paint by page, place and visit; places take turns."""
    paints: dict[tuple[str, str, str], list[Paint]] = {}
    for repeat in range(n_repeats):
        for page in PAGES:
            for place in places:
                server = Server(place.environment)
                with server.running() as process:
                    for visit in ("first", "later"):
                        cpu = _cpu_seconds(process)
                        paint = visit_page(browser, server, page, place)
                        paint = replace(paint, processor=_cpu_seconds(process) - cpu)
                        paints.setdefault((page, place.name, visit), []).append(paint)
                        say(
                            f"{repeat + 1}: {page}, {place.name}, {visit} visit: "
                            f"{paint.main:.2f} s, whole {paint.whole:.2f} s, "
                            f"processor {paint.processor:.2f} s"
                        )
    return {
        key: Paint(
            min(paint.main for paint in taken),
            min(paint.whole for paint in taken),
            min(paint.processor for paint in taken),
        )
        for key, taken in paints.items()
    }


def visit_page(browser: Browser, server: Server, page: str, place: Place) -> Paint:
    """Open a page in a browser without a cache."""
    with fresh(browser) as context:
        tab = context.new_page()
        return open_page(tab, server, page, place)


def open_page(tab: Page, server: Server, page: str, place: Place) -> Paint:
    """Open a page in `tab` and wait for what belongs on it."""
    path = "" if page == "home" else page
    start = time.perf_counter()
    tab.goto(f"{server.url}/{path}{place.query(page)}", wait_until="commit")
    tab.wait_for_selector(MAIN[page], timeout=WAIT_MS)
    main = time.perf_counter() - start
    tab.wait_for_selector(LAST[page], timeout=WAIT_MS)
    return Paint(main, time.perf_counter() - start, 0.0)


def serve(runs_path: Path, port: str) -> None:
    """Run the application as `streamlit run app.py` does, and note each page run."""
    from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
    from streamlit.web import cli

    plain = ScriptRunner._run_script

    def timed(runner: ScriptRunner, data: Any) -> None:
        start, processor = time.perf_counter(), time.thread_time()
        try:
            plain(runner, data)
        finally:
            run = Run(
                is_tick=bool(data.is_auto_rerun),
                wall=1000 * (time.perf_counter() - start),
                processor=1000 * (time.thread_time() - processor),
            )
            with runs_path.open("ab") as file:
                file.write(msgspec.json.encode(run) + b"\n")

    ScriptRunner._run_script = timed  # type: ignore[method-assign]
    cli.main(["run", "app.py", "--server.port", port], prog_name="streamlit")


def measure_load(browser: Browser, place: Place, *, seconds: float) -> Load:
    """Look at every page, watch a search go on, and open more sessions."""
    server = Server(place.environment)
    with server.running() as process, fresh(browser) as context:
        tab, traffic = context.new_page(), Traffic()
        rss_start = _megabytes(process)
        for page in PAGES:
            open_page(tab, server, page, place)
        rss_visited = _megabytes(process)
        tab.on("websocket", traffic.watch)
        open_page(tab, server, "progress", place)
        tab.wait_for_timeout(4_000)
        n_before, traffic.n_bytes = len(server.runs()), 0
        go_on(tab, place, seconds=seconds)
        ticks = tuple(run for run in server.runs()[n_before:] if run.is_tick)
        kilobytes = traffic.n_bytes / 1000 / max(1, len(ticks))
        with fresh(browser) as second:
            for _ in range(N_SESSIONS - 1):
                other = second.new_page()
                for page in ("compare", "studies", "progress"):
                    open_page(other, server, page, place)
            tab.wait_for_timeout(6_000)
            rss_sessions = _megabytes(process)
        n_lines = len(server.log.read_text().splitlines())
        say(f"{place.name}: {len(ticks)} ticks")
        return Load(ticks, kilobytes, rss_start, rss_visited, rss_sessions, n_lines)


def go_on(tab: Page, place: Place, *, seconds: float) -> None:
    """Let two trials run and another one end every second, as two workers would."""
    first = place.n_trials
    for number, pid in ((first, os.getpid()), (first + 1, os.getppid())):
        add_running(place.searching, number, pid=pid)
    number, stop = first + 2, time.monotonic() + seconds
    epoch = 1
    while time.monotonic() < stop:
        add_epoch(place.searching, first, epoch)
        add_epoch(place.searching, first + 1, epoch)
        add_ended_trials(place.searching, 1, first=number, seed=number)
        number, epoch = number + 1, epoch + 1
        tab.wait_for_timeout(1_000)


@contextmanager
def fresh(browser: Browser) -> Iterator[BrowserContext]:
    """Return a browser context with an empty cache."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(WAIT_MS)
    try:
        yield context
    finally:
        context.close()


def paint_table(places: list[Place], paints: dict[tuple[str, str, str], Paint]) -> str:
    """Return seconds to the main content, with what the many trials add."""
    rows = []
    for page in PAGES:
        for visit in ("first", "later"):
            taken = [paints[page, place.name, visit] for place in places]
            rows.append(
                [page.capitalize(), visit]
                + [
                    f"{paint.main:.2f} / {paint.whole:.2f} / {paint.processor:.2f}"
                    for paint in taken
                ]
                + [
                    f"{paint.main - taken[0].main:+.2f} / "
                    f"{paint.whole - taken[0].whole:+.2f}"
                    for paint in taken[1:]
                ]
            )
    names = [f"{place.words}" for place in places]
    more = [f"{place.words}: more" for place in places[1:]]
    return table(["page", "visit", *names, *more], rows)


def load_table(places: list[Place], loads: list[Load]) -> str:
    """Return what a tick and the sessions cost."""
    rows = []
    for place, load in zip(places, loads, strict=True):
        processor = [tick.processor for tick in load.ticks]
        wall = [tick.wall for tick in load.ticks]
        rows.append(
            [
                place.words,
                len(load.ticks),
                f"{statistics.median(processor):.0f} / {max(processor):.0f}",
                f"{statistics.median(wall):.0f} / {max(wall):.0f}",
                f"{load.kilobytes_a_tick:.0f}",
                f"{load.rss_start:.0f}",
                f"{load.rss_visited:.0f}",
                f"{load.rss_sessions:.0f}",
                load.n_log_lines,
            ]
        )
    columns = ["place", "ticks", "processor ms a tick", "ms a tick", "kB a tick"]
    columns += ["MB at start", "MB after all pages", f"MB with {N_SESSIONS} sessions"]
    return table([*columns, "log lines"], rows)


def say(line: str) -> None:
    """Print progress."""
    print(line, file=sys.stderr, flush=True)


def _megabytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss / 1e6)


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="once each, not recorded")
    parser.add_argument("--repeats", type=int, default=3, help="visits of each page")
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Measure and print; record unless it is a quick run."""
    args = _arguments()
    if args.serve:
        serve(Path(args.serve[0]), args.serve[1])
        return
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    if browser_path is None:
        raise SystemExit(
            "Chromium is not installed (Debian: apt-get install chromium)."
        )
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        places = make_places(Path(folder))
        browser = playwright.chromium.launch(
            executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"]
        )
        locks = [hold_supervisor(place.searching) for place in places]
        n_repeats = 1 if args.quick else args.repeats
        paints = measure_paints(browser, places, n_repeats=n_repeats)
        seconds = QUICK_TICK_SECONDS if args.quick else TICK_SECONDS
        loads = [measure_load(browser, place, seconds=seconds) for place in places]
        browser.close()
        for lock in locks:
            lock.close()
    body = BODY.format(
        paints=paint_table(places, paints), loads=load_table(places, loads)
    )
    print(body)
    if not args.quick:
        record(TITLE, body)


if __name__ == "__main__":
    main()
