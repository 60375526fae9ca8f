"""The whole way of a person: file, target, search, comparison, model, forecast."""

import csv
import io
import re
import subprocess
import sys
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from playwright.sync_api import Locator, Page, expect

if TYPE_CHECKING:
    from tests.e2e.conftest import Server

N_ROWS = 200
N_TRIALS = 3
HORIZON = 7
FIRST_DAY = date(2024, 1, 1)
SEARCH_MS = 420_000


def daily_table(n_rows: int) -> str:
    """Return a CSV of daily visitors: a trend and a weekly pattern, no noise."""
    weekly = (0, 4, 6, 5, 9, 30, 22)
    lines = ["day,visitors"]
    for row in range(n_rows):
        value = 100 + 0.3 * row + weekly[row % 7] + (row * 7 % 5) / 2
        lines.append(f"{FIRST_DAY + timedelta(days=row)},{value:.1f}")
    return "\n".join(lines) + "\n"


def by_key(page: Page, key: str) -> Locator:
    """Return the widget that the page gave this key."""
    return page.locator(f".st-key-{key}")


def press(page: Page, key: str) -> None:
    by_key(page, key).get_by_role("button").click()


def fill_number(page: Page, key: str, value: int) -> None:
    field = by_key(page, key).get_by_role("spinbutton")
    field.fill(str(value))
    field.press("Tab")
    expect(field).to_have_value(str(value))


def must_not_have_failed(page: Page) -> None:
    expect(page.get_by_text("Something went wrong")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def upload_and_confirm(page: Page, server: "Server", table: Path) -> None:
    page.goto(f"{server.url}/data")
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(table)
    expect(page.get_by_text(f"{N_ROWS} rows are ready")).to_be_visible()
    expect(by_key(page, "data_time").get_by_text("day")).to_be_visible()
    expect(by_key(page, "data_targets").get_by_text("visitors")).to_be_visible()
    must_not_have_failed(page)
    press(page, "data_next")


def start_small_search(page: Page) -> str:
    """Set horizon and budget, start, and return the id of the study."""
    expect(page.get_by_text("What is each network trained")).to_be_visible()
    fill_number(page, "setup_horizon", HORIZON)
    fill_number(page, "setup_trials", N_TRIALS)
    expect(page.get_by_text("training the winners included")).to_be_visible()
    must_not_have_failed(page)
    press(page, "setup_next")
    page.wait_for_url(re.compile(r"/progress\?study=[0-9a-f]{32}"))
    return re.findall(r"study=([0-9a-f]{32})", page.url)[0]


def processes_of(uuid: str) -> set[int]:
    """Return the process ids of the supervisor and workers of a study."""
    found = set()
    for process in psutil.process_iter():
        try:
            if uuid in process.cmdline():
                found.add(process.pid)
        except psutil.Error:
            continue
    return found


def kill_and_return(page: Page, server: "Server", uuid: str) -> None:
    """Kill the web server while a trial runs; the study goes on and is found again."""
    address = page.url
    before = processes_of(uuid)
    assert before, "no process works on the study"
    server.kill()
    assert processes_of(uuid) & before, "the study ended with the web server"
    server.start()
    page.goto(address)
    expect(page.get_by_text(re.compile(rf"\d of {N_TRIALS} trials"))).to_be_visible()
    must_not_have_failed(page)


def wait_for_results(page: Page) -> None:
    finished = page.get_by_text("The search is finished")
    failed = page.get_by_text("The search ended by itself")
    expect(finished.or_(failed).first).to_be_visible(timeout=SEARCH_MS)
    expect(failed).to_have_count(0)
    button = by_key(page, "progress_next").get_by_role("button")
    expect(button).to_be_enabled()
    expect(page.get_by_text(f"{N_TRIALS} of {N_TRIALS} trials")).to_be_visible()
    must_not_have_failed(page)
    button.click()


def look_at_comparison(page: Page) -> None:
    page.wait_for_url(re.compile(r"/compare\?study="))
    expect(by_key(page, "verdict")).to_be_visible()
    # The button comes last, or the sentence about an error comes in its place.
    end = by_key(page, "compare_next").or_(page.get_by_text("Something went wrong"))
    expect(end.first).to_be_visible()
    for cell in ("SimpleRNN", "LSTM", "GRU"):
        expect(page.get_by_text(cell).first).to_be_attached()
    must_not_have_failed(page)
    press(page, "compare_next")


def download_bundle(page: Page, folder: Path) -> Path:
    page.wait_for_url(re.compile(r"/forecast\?study="))
    end = by_key(page, "forecast_next").or_(page.get_by_text("Something went wrong"))
    expect(end.first).to_be_visible()
    must_not_have_failed(page)
    with page.expect_download() as download:
        press(page, "forecast_next")
    path = folder / "bundle.zip"
    download.value.save_as(path)
    return path


def run_bundle(bundle: Path, folder: Path) -> list[dict[str, str]]:
    """Unpack the bundle elsewhere and forecast from newer rows in a clean process."""
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder)
    newest = folder / "newest.csv"
    newest.write_text(daily_table(N_ROWS + 10))
    result = subprocess.run(
        [sys.executable, "-I", "predict.py", newest.name],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    return list(csv.DictReader(io.StringIO(result.stdout)))


@pytest.mark.case("K5", "web server killed while real networks train")
@pytest.mark.e2e
def test_from_a_file_to_a_forecast(
    page: Page, server: "Server", tmp_path: Path
) -> None:
    """Upload, search, kill the server on the way, compare, download, forecast."""
    table = tmp_path / "visitors.csv"
    table.write_text(daily_table(N_ROWS))
    upload_and_confirm(page, server, table)
    uuid = start_small_search(page)
    expect(page.get_by_text("Being trained now")).to_be_visible(timeout=90_000)
    kill_and_return(page, server, uuid)
    wait_for_results(page)
    look_at_comparison(page)
    bundle = download_bundle(page, tmp_path)

    forecast = run_bundle(bundle, tmp_path / "elsewhere")
    last_day = FIRST_DAY + timedelta(days=N_ROWS + 9)
    expected = [str(last_day + timedelta(days=step)) for step in range(1, HORIZON + 1)]
    assert [row["timestamp"][:10] for row in forecast] == expected
    assert all(50 < float(row["visitors"]) < 300 for row in forecast)

    # The web server has shown every page by now and still trains nothing itself.
    assert "tensorflow" not in server.loaded_libraries()
    assert server.status_of("/dashboard") == 200
    assert server.status_of("/api/studies") == 200
    assert server.status_of("/api/studies/1", method="DELETE") == 403


@pytest.mark.e2e
def test_web_server_starts_light(page: Page, server: "Server") -> None:
    """Showing the first page loads neither TensorFlow nor scikit-learn."""
    page.goto(server.url)
    expect(page.get_by_text("Start a new study")).to_be_visible()
    must_not_have_failed(page)
    loaded = server.loaded_libraries()
    assert "tensorflow" not in loaded
    assert "sklearn" not in loaded
