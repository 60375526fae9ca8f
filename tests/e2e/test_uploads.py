"""Uploads against a real server: too many, too large, too slow, cut off, misnamed."""

import re
import shutil
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, expect

from pages.components.uploads import MEGABYTE, SESSION_MB, TOTAL_MB
from tests.data.hostile_names import HOSTILE_NAMES, MARK
from tests.e2e.conftest import Server, free_port, wait_until
from tests.e2e.visitor import Visitor, form

pytestmark = pytest.mark.faults
Record = Callable[[str, object], None]
# Memory for what is under way: each upload lies there once more while it is read.
SLACK_BYTES = 150 * MEGABYTE


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[Server]:
    """Return a server with small limits, whose sessions end after two seconds."""
    server = Server(
        tmp_path,
        free_port(),
        options=(
            *("--server.maxUploadSize", "20", "--server.disconnectedSessionTTL", "2"),
        ),
        variables={SESSION_MB: "40", TOTAL_MB: "100"},
    )
    yield from running(server)


def running(server: Server) -> Iterator[Server]:
    try:
        server.start()
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            # Where it runs under another program, that one ends with it.
            own = psutil.Process(server.process.pid)
            for process in own.children(recursive=True) or [own]:
                process.terminate()
            try:
                server.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()


def resident(server: Server) -> int:
    return int(psutil.Process(server.process.pid).memory_info().rss)


def n_temporary_files(server: Server) -> int:
    """Return the deleted files that the server still holds open."""
    opened = Path(f"/proc/{server.process.pid}/fd").iterdir()
    names = []
    for path in opened:
        try:
            names.append(str(path.readlink()))
        except OSError:
            continue
    return sum("(deleted)" in name for name in names)


@pytest.mark.case("U10", "20 sessions send 5 files of 15 MB each")
def test_memory_stays_below_the_limit_of_all_sessions(
    limited: Server, record_property: Record
) -> None:
    content = bytes(15 * MEGABYTE)
    with ExitStack() as pages:
        first = pages.enter_context(Visitor(limited.port))
        before = resident(limited)
        answers: Counter[int] = Counter()
        per_session: Counter[str] = Counter()
        highest = before
        for number in range(20):
            visitor = first if not number else Visitor(limited.port)
            if number:
                pages.enter_context(visitor)
            for file in range(5):
                status, words = visitor.upload(f"{file}", content)
                answers[status] += 1
                per_session[visitor.session] += status == 204
                assert status == 204 or re.search(r"\d+ MB together", words), words
                highest = max(highest, resident(limited))
        assert set(answers) == {204, 413, 429}
        assert max(per_session.values()) == 2  # 40 MB hold two of them
        assert sum(per_session.values()) == 6  # 100 MB hold six
        assert highest - before < 100 * MEGABYTE + SLACK_BYTES
        assert first.run_page() < 60
    # All of them leave: what they had comes back, also to those who come later.
    with Visitor(limited.port) as later:
        wait_until(
            lambda: later.upload("x", content)[0] == 204,
            seconds=60,
            what="room for a new session",
        )
        after = resident(limited)
    record_property(
        "figure",
        f"{answers[204]} taken, {answers[413]} times 413, {answers[429]} times 429; "
        f"highest {(highest - before) / MEGABYTE:+.0f} MB, "
        f"afterwards {(after - before) / MEGABYTE:+.0f} MB",
    )


@pytest.mark.case("U10", "a refused upload in the browser")
def test_the_page_says_why_an_upload_was_refused(limited: Server, page: Page) -> None:
    """Streamlit's own part shows the number of the status only."""
    table = b"time,load\n" + b"".join(
        b"2024-01-%02d %02d:00,%d\n" % (1 + hour // 24, hour % 24, hour)
        for hour in range(400)
    )
    file = {"name": "load.csv", "mimeType": "text/csv", "buffer": table}
    with ExitStack() as opened:
        others = [opened.enter_context(Visitor(limited.port)) for _ in range(5)]
        page.goto(f"{limited.url}/data")
        chooser = page.locator("input[type=file]")
        chooser.wait_for(state="attached")
        for other in others:
            assert other.upload("a", bytes(19 * MEGABYTE))[0] == 204
        padding = b"\n" * (6 * MEGABYTE)
        chooser.set_input_files({**file, "buffer": table + padding})
        told = page.get_by_role("alert").filter(has_text="MB together")
        expect(told).to_contain_text("100 MB together; 95 MB are held already")
        expect(told).to_contain_text("try again")
        # A file that fits clears it, and is taken.
        chooser.set_input_files(file)
        expect(page.get_by_text("load.csv").first).to_be_visible()
        expect(told).to_have_count(0)


@pytest.mark.case("U10", "a file above the limit, with and without its size declared")
def test_one_file_above_the_limit_is_refused(limited: Server) -> None:
    with Visitor(limited.port) as visitor:
        assert visitor.upload("a", bytes(21 * MEGABYTE))[0] in (0, 413)
        line = bytes(999) + b"\n"
        big = line * (23 * MEGABYTE // 1000)
        assert visitor.upload("b", big, chunked=True)[0] in (0, 413)
        assert visitor.upload("c", b"a,b\n1,2\n")[0] == 204


@pytest.mark.case("U9", "a declared size of 1 GB")
def test_a_declared_gigabyte_is_refused_at_once(
    limited: Server, record_property: Record
) -> None:
    with Visitor(limited.port) as visitor:
        started = time.monotonic()
        with raw_upload(visitor, b"few bytes", declared=10**9) as opened:
            answer = opened.recv(65536)
        seconds = time.monotonic() - started
        assert answer.startswith(b"HTTP/1.1 413")
    record_property("figure", f"413 after {seconds:.2f} s")


@pytest.mark.case("U9", "uploads of a byte a second beside another session")
def test_slow_uploads_keep_nobody_waiting(
    limited: Server, record_property: Record
) -> None:
    with ExitStack() as opened:
        slow = opened.enter_context(Visitor(limited.port))
        other = opened.enter_context(Visitor(limited.port))
        usual = other.run_page()
        uploads = [
            opened.enter_context(raw_upload(slow, b"x", declared=5 * MEGABYTE))
            for _ in range(3)
        ]
        stop = threading.Event()
        times = []
        for _ in range(5):
            for upload in uploads:
                upload.sendall(b"x")
            times.append(other.run_page())
            stop.wait(1.0)
        assert limited.status_of("/_stcore/health") == 200
        assert other.upload("a", b"a,b\n1,2\n")[0] == 204
        assert max(times) < 60
    record_property(
        "figure", f"a page took {max(times):.2f} s beside them, {usual:.2f} s before"
    )


@pytest.mark.case("U9", "20 clients that leave half-way")
def test_clients_that_leave_leave_nothing_behind(
    limited: Server, record_property: Record
) -> None:
    with Visitor(limited.port) as visitor:
        visitor.upload("first", bytes(10 * MEGABYTE))
        before, files = resident(limited), n_temporary_files(limited)
        half = bytes(8 * MEGABYTE)
        for _ in range(20):
            with raw_upload(visitor, half, declared=16 * MEGABYTE):
                pass
        wait_until(
            lambda: n_temporary_files(limited) == files,
            seconds=60,
            what="all temporary files are gone",
        )
        # None of them holds room: the session has 30 MB of its 40 left.
        assert visitor.upload("next", bytes(15 * MEGABYTE))[0] == 204
        growth = resident(limited) - before
        assert growth < SLACK_BYTES
    log = limited.log.read_text("utf-8")
    assert "Traceback" not in log
    record_property("figure", f"0 files left, memory {growth / MEGABYTE:+.0f} MB")


@pytest.mark.case("U11", "hostile names in uploads, system calls watched")
def test_no_name_reaches_the_file_system(
    tmp_path: Path, record_property: Record
) -> None:
    strace = shutil.which("strace")
    if strace is None or subprocess.run([strace, "-qq", "true"], check=False,
                                        capture_output=True).returncode:  # fmt: skip
        pytest.skip("strace is not installed or not allowed to watch processes")
    trace = tmp_path / "trace"
    server = Server(
        tmp_path,
        free_port(),
        under=(strace, "-f", "-qq", "-s", "400", "-e", "trace=%file", "-o", str(trace)),
    )
    for watched in running(server):
        with Visitor(watched.port) as visitor:
            statuses = Counter(
                visitor.upload(f"f{number}", b"a,b\n1,2\n", encoded(name))[0]
                for number, name in enumerate(HOSTILE_NAMES)
            )
            ids = Counter(
                replaced(visitor, name).upload("x", b"a,b\n1,2\n")[0]
                for name in ("../../x", "..%2f..%2fx", "/etc/x")
            )
            visitor.run_page()
    calls = trace.read_text("utf-8", "replace").splitlines()
    assert len(calls) > 1_000
    assert not [call for call in calls if MARK in call]
    assert statuses[204] > 30
    assert ids[204] == 0
    record_property(
        "figure", f"{len(HOSTILE_NAMES)} names, 0 of {len(calls)} calls with one"
    )


def encoded(name: str) -> bytes:
    """Return a name as a browser writes it into the form."""
    escapes = {'"': "%22", "\r": "%0D", "\n": "%0A"}
    return "".join(escapes.get(letter, letter) for letter in name).encode()


def replaced(visitor: Visitor, session: str) -> Visitor:
    """Return a visitor that gives another id for its session."""
    other = Visitor(visitor.port)
    other.session, other.token = session, visitor.token
    return other


def raw_upload(visitor: Visitor, content: bytes, *, declared: int) -> socket.socket:
    """Begin an upload that declares `declared` bytes and sends `content` of it."""
    lines = [f"PUT {visitor.path('raw')} HTTP/1.1", "Host: 127.0.0.1",
             f"Content-Length: {declared}"]  # fmt: skip
    lines += [f"{name}: {value}" for name, value in visitor.headers().items()]
    opened = socket.create_connection(("127.0.0.1", visitor.port), timeout=60)
    opened.sendall("\r\n".join([*lines, "", ""]).encode())
    opened.sendall(form(content)[: len(content) + 100])
    return opened
