"""Many sessions at once, sessions that come and go, and storms of clicks."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from search.study.folders import StudyHandle
from tests.faults.web.server import Session, WebServer, serving, session, xsrf_token

pytestmark = pytest.mark.faults

N_SESSIONS, N_RERUNS, TTL = 20, 3, 2
UPLOAD_BYTES = 2**20


@pytest.mark.case("W1", "20 sessions at once: open, upload 1 MB, a study, 3 reruns")
def test_twenty_sessions_at_once(
    server: WebServer, kinds: dict[str, StudyHandle], record_property
) -> None:
    studies = [kinds["searching"].uuid, kinds["finished"].uuid]
    with session(server, "progress", f"study={studies[0]}") as first:
        first.rerun()  # what is imported at the first visit is no part of this

    def work(number: int) -> tuple[list[float], str]:
        marker = f"marker{number:02d}z"
        with session(server, "studies", f"study={marker}") as tab:
            seconds = [tab.rerun()]
            upload(server, tab, number)
            tab.page, tab.query = "progress", f"study={studies[number % 2]}"
            tab.rerun()
            tab.page, tab.query = "studies", f"study={marker}"
            seconds += [tab.rerun() for _ in range(N_RERUNS)]
            return seconds, tab.everything()

    with ThreadPoolExecutor(N_SESSIONS) as pool:
        done = list(pool.map(work, range(N_SESSIONS)))
    for number, (_, shown) in enumerate(done):
        for other in range(N_SESSIONS):
            assert (f"marker{other:02d}z" in shown) == (other == number)
        assert "Something went wrong" not in shown
    reruns = [one for seconds, _ in done for one in seconds[1:]]
    record_property(
        "figure",
        f"{len(done)}/{N_SESSIONS} finished, reruns median "
        f"{np.median(reruns):.1f} s, 95 % within {np.quantile(reruns, 0.95):.1f} s, "
        "0 markers in another session",
    )


def upload(server: WebServer, tab: Session, number: int) -> None:
    """Send a file as the upload field of the Data page does."""
    token = xsrf_token(server, {})
    boundary = "----boundary"
    content = f"{number}\n".encode() * (UPLOAD_BYTES // len(f"{number}\n"))
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"'
        "\r\nContent-Type: text/csv\r\n\r\n"
    ).encode()
    reply = server.get(
        f"/_stcore/upload_file/{tab.session_id}/file{number}",
        method="PUT",
        body=body + content + f"\r\n--{boundary}--\r\n".encode(),
        headers={
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "X-Xsrftoken": token,
            "Cookie": f"_streamlit_xsrf={token}",
            "Origin": server.origin,
        },
    )
    assert reply.status in (200, 204), reply


@pytest.mark.case("W2", "200 sessions opened and dropped")
def test_sessions_that_come_and_go_leave_nothing(
    kinds: dict[str, StudyHandle], tmp_path: Path, record_property
) -> None:
    # A copy, because one server at most serves a folder.
    folder = tmp_path / "studies"
    shutil.copytree(kinds["finished"].environment.studies_dir, folder)
    with serving(folder, "--server.disconnectedSessionTTL", str(TTL)) as server:
        process = psutil.Process(server.process.pid)

        def visit(_number: int) -> None:
            with session(server, "studies") as tab:
                tab.rerun()

        def settled() -> tuple[float, int]:
            time.sleep(TTL + 8)
            with session(server, "studies") as tab:
                tab.rerun()
            return process.memory_info().rss / 1e6, process.num_fds()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(visit, range(40)))
            before, fds_before = settled()
            list(pool.map(visit, range(200)))
            after, fds_after = settled()
    record_property(
        "figure",
        f"memory {before:.0f} to {after:.0f} MB, open files {fds_before} to "
        f"{fds_after}",
    )
    assert after < 1.1 * before
    assert fds_after <= fds_before + 5


@pytest.mark.case("W3", "the tab is closed and the study opened in another browser")
def test_a_study_is_found_again_from_another_browser(
    server: WebServer, kinds: dict[str, StudyHandle], record_property
) -> None:
    study = kinds["searching"]
    with session(server, "progress", f"study={study.uuid}") as tab:
        tab.rerun()
        first = tab.everything()
    start = time.monotonic()
    with session(server, "progress", f"study={study.uuid}") as tab:
        tab.rerun()
        second = tab.everything()
    seconds = time.monotonic() - start
    for words in ("trials", "Best so far", study.uuid):
        assert words in first
        assert words in second
    record_property("figure", f"drawn after {seconds:.1f} s")
    assert seconds < 30


@pytest.mark.case("W4", "10 reruns a second for 30 s on the page of a searching study")
def test_a_storm_of_reruns_is_survived(
    server: WebServer, kinds: dict[str, StudyHandle], record_property
) -> None:
    study = kinds["paused"]
    processes = set(psutil.pids())
    with session(server, "progress", f"study={study.uuid}") as tab:
        tab.rerun()
        stop = time.monotonic() + 30
        n_sent = 0
        while time.monotonic() < stop:
            tab.ask()
            n_sent += 1
            # Streamlit drops a connection whose other end does not listen.
            tab.listen(0.1)
        start = time.monotonic()
        tab.drain()
        tab.rerun()
        seconds = time.monotonic() - start
        assert "Something went wrong" not in tab.everything()
    started = [
        one
        for one in set(psutil.pids()) - processes
        if psutil.pid_exists(one) and study.uuid in _command(one)
    ]
    assert started == []
    record_property("figure", f"{n_sent} reruns, drawn again after {seconds:.1f} s")
    assert seconds < 20


def _command(pid: int) -> list[str]:
    try:
        return psutil.Process(pid).cmdline()
    except psutil.Error:
        return []
