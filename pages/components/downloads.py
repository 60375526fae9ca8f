"""Downloads of the result pages: files of a study, read when they are asked for."""

from pathlib import Path

import numpy as np
import streamlit as st

from pages.components.csv_files import csv_bytes, csv_file_bytes
from pages.components.numbers import three_digits
from pages.components.seed_views import delivery_note
from pages.components.study_data import forecast_file, study_series
from pages.components.text import raw_text, text
from search.config import Cell
from search.data.columns import unit_of
from search.files import sha256
from search.study.folders import StudyHandle
from search.study.results import RESULTS_FILE, BundleCheck, WinnerResult

SERIES_TIME, TEST_COLUMN = "time", "part"


def show_winner_downloads(
    study: StudyHandle, cell: Cell, winner: WinnerResult, *, key: str
) -> None:
    """Offer bundle, predictions and forecast of one winner, what it is, its proof."""
    with st.container(horizontal=True):
        _bundle(study, cell, winner, key=key)
        file_button(
            text("forecast.predictions"),
            Path(winner.predictions),
            file_name=file_name(study, cell, "holdout_predictions.csv"),
            key=f"{key}_predictions_{cell}",
        )
        file_button(
            text("forecast.forecast_csv"),
            forecast_file(study, cell),
            file_name=file_name(study, cell, "forecast.csv"),
            key=f"{key}_forecast_{cell}",
        )
    st.caption(delivery_note(winner))
    settings = study.settings
    # Probabilities and scores of anomalies have no unit.
    has_unit = settings.task.kind in ("forecasting", "regression")
    unit = unit_of(settings.roles.targets[0]) if has_unit else None
    show_check(winner, unit=unit)


def bundle_path(winner: WinnerResult) -> Path | None:
    """Return the zip of a winner; None if it was not made, is gone or was changed."""
    path = _bundle_file(winner)
    return path if path is not None and _is_unchanged(winner, path) else None


def file_name(study: StudyHandle, cell: Cell, ending: str) -> str:
    """Return a name for a download of a winner: study, cell and what it is."""
    return study_file_name(study, f"{cell}_{ending}")


def study_file_name(study: StudyHandle, ending: str) -> str:
    """Return a name for a download: study and what it is, harmless anywhere."""
    letters = [c if c.isalnum() else "_" for c in study.settings.name]
    return f"{''.join(letters)[:40].strip('_') or 'study'}_{ending}"


def file_button(
    label: str,
    path: Path,
    *,
    file_name: str,
    key: str,
    primary: bool = False,
) -> None:
    """Offer a zip or CSV file of the study; nothing is shown where there is none."""
    if not path.is_file():
        return
    is_zip = path.suffix == ".zip"
    st.download_button(
        label,
        path.read_bytes if is_zip else lambda: csv_file_bytes(path),
        file_name=file_name,
        mime="application/zip" if is_zip else "text/csv",
        key=key,
        icon=":material/download:",
        type="primary" if primary else "secondary",
        on_click="ignore",
    )


def show_results_download(study: StudyHandle) -> None:
    """Offer `results.json`."""
    path = study.folder / RESULTS_FILE
    if path.is_file():
        st.download_button(
            text("forecast.results_json"),
            path.read_bytes,
            file_name=RESULTS_FILE,
            mime="application/json",
            key="download_results",
            icon=":material/download:",
            on_click="ignore",
        )


def show_check(winner: WinnerResult, *, unit: str | None) -> None:
    """Say whether the bundle was proved, and how exactly."""
    if bundle_path(winner) is None:
        st.warning(
            text("forecast.bundle_none", reason=_missing_reason(winner)),
            icon=":material/warning:",
        )
        return
    check = winner.check
    if check is None:
        st.caption(text("forecast.check_none"))
    elif check.passed:
        st.caption(
            ":green[:material/verified:] "
            + text(
                "forecast.check_passed",
                difference=three_digits(check.largest_difference),
                unit=unit or "",
                relative=three_digits(check.relative_difference),
            )
        )
    else:
        st.error(_failed_check(check, unit), icon=":material/error:")


def _bundle(study: StudyHandle, cell: Cell, winner: WinnerResult, *, key: str) -> None:
    path = bundle_path(winner)
    if path is not None:
        file_button(
            text("forecast.bundle"),
            path,
            file_name=file_name(study, cell, "bundle.zip"),
            key=f"{key}_bundle_{cell}",
        )


def _bundle_file(winner: WinnerResult) -> Path | None:
    path = Path(winner.bundle) if winner.bundle is not None else None
    return path if path is not None and path.is_file() else None


def _is_unchanged(winner: WinnerResult, path: Path) -> bool:
    expected, stat = winner.sha256.get(path.name), path.stat()
    changed = (stat.st_mtime_ns, stat.st_size)
    return expected is None or _digest(str(path), changed) == expected


@st.cache_resource(max_entries=64, show_spinner=False)
def _digest(path: str, changed: tuple[int, int]) -> str:
    return sha256(Path(path))


def _failed_check(check: BundleCheck, unit: str | None) -> str:
    return text(
        "forecast.check_failed",
        message=check.message,
        difference=three_digits(check.largest_difference),
        unit=unit or "",
    )


def _missing_reason(winner: WinnerResult) -> str:
    if _bundle_file(winner) is not None:
        return raw_text("forecast.bundle_changed")
    if winner.bundle is not None:
        return raw_text("forecast.bundle_gone")
    if winner.check is not None:
        return winner.check.message
    return raw_text("forecast.bundle_unknown")


def show_series_download(study: StudyHandle) -> None:
    """Offer the confirmed series, with its time stamps in a column."""
    st.download_button(
        text("report.series_csv"),
        lambda: series_csv(study),
        file_name="series.csv",
        mime="text/csv",
        key="series_csv",
        icon=":material/download:",
        on_click="ignore",
    )


def series_csv(study: StudyHandle) -> bytes:
    """Return the rows of the study as a table that the command line reads again.

    Classes stand by their names, and a test set is marked in a column.
    """
    values = study_series(str(study.folder), study)
    task, roles = study.settings.task, study.settings.roles
    words: dict[str, object] = {}
    if task.has_classes:
        names = np.asarray(task.classes, dtype=object)
        words[roles.targets[0]] = names[values[roles.targets[0]].to_numpy(dtype=int)]
    if roles.label is not None:
        words[roles.label] = values[roles.label].to_numpy(dtype=int)
    if task.test_groups:
        is_test = values[str(roles.group)].isin(task.test_groups)
        words[TEST_COLUMN] = np.where(is_test, "test", "train")
    values = values.assign(**words)
    has_time = bool(study.settings.source.time_columns)
    return csv_bytes(values, index_label=SERIES_TIME if has_time else None)
