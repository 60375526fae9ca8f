"""The parts of the Data page: choosing a file, the series, confirming it."""

import secrets

import pandas as pd
import streamlit as st

from pages.components.draft import (
    DraftFile,
    DraftSeries,
    discard_draft,
    keep_series,
    start_with_choices,
    take_file,
    take_sample,
)
from pages.components.figure import show_figure
from pages.components.frame import has_room, live, next_step
from pages.components.intake.ask_form import ask_of
from pages.components.intake.columns_form import frequency_word
from pages.components.intake.groups_views import show_study_groups
from pages.components.intake.series_chart import Marks, series_figure
from pages.components.numbers import count
from pages.components.refusals import show_refusal
from pages.components.state import go_to
from pages.components.study_data import study_series
from pages.components.task_words import is_one_forecast
from pages.components.text import chart_text, plain, raw_text, text
from pages.components.uploads import UploadLimits, megabytes
from search.data.group_samples import GROUP_SAMPLES
from search.data.samples import SAMPLES
from search.data.series import SeriesReport, SeriesSettings, build_series
from search.data.table import Table
from search.errors import UserInputError
from search.study.folders import StudyHandle

TABLE_TYPES = ("csv", "tsv", "txt", "dat", "xlsx", "xls", "parquet")
FILE_TYPES = (*TABLE_TYPES, "ts", "zip")  # the others hold many sequences


def show_file_choice() -> None:
    """Offer an upload and the samples."""
    st.markdown(text("data.intro"), width=760)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader(text("data.your_file"), anchor=False)
        if has_room("an upload"):
            _show_upload()
    with right:
        st.subheader(text("data.or_sample"), anchor=False)
        show_samples("data")


def _show_upload() -> None:
    uploaded = st.file_uploader(
        text("data.upload"), type=list(FILE_TYPES), key="upload"
    )
    limits = UploadLimits.from_process()
    st.caption(
        text(
            "data.upload_help",
            file=megabytes(limits.file),
            session=megabytes(limits.session),
            total=megabytes(limits.total),
        )
    )
    live(show_refusal, running=True, key="refusal")
    if uploaded is not None:
        take_file(uploaded.name, uploaded.getvalue(), uploaded.file_id)
        st.rerun()


def show_samples(place: str) -> None:
    """Offer each series with one button, and a sample of each other task below."""
    grid = st.grid(3, min_column_width=230, border=True, key=f"{place}_samples")
    for sample in SAMPLES.values():
        with grid.cell():
            st.markdown(f"**{plain(sample.title)}**  \n{plain(sample.description)}")
            _take_button(place, sample.name)
    with st.expander(text("data.more_samples"), icon=":material/category:"):
        show_group_samples(place)


def show_group_samples(place: str) -> None:
    """Offer a sample of each other task, under what is asked of it."""
    grid = st.grid(3, min_column_width=230, border=True, key=f"{place}_tasks")
    for sample in GROUP_SAMPLES.values():
        ask = ask_of(sample.kind, has_groups=sample.settings.roles.group is not None)
        with grid.cell():
            st.caption(text(f"data.ask_{ask}"))
            st.markdown(f"**{plain(sample.title)}**  \n{plain(sample.description)}")
            _take_button(place, sample.name)


def _take_button(place: str, name: str) -> None:
    if st.button(
        text("data.take_sample"),
        key=f"take_{place}_{name}",
        icon=":material/arrow_forward:",
    ):
        take_sample(name)
        go_to("data")


def show_file_line(file: DraftFile) -> None:
    """Say which file this is and offer another one."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            text("data.file", name=file.name, size=_size(len(file.content))),
            width="stretch",
        )
        st.button(
            text("data.other_file"),
            key="other_file",
            icon=":material/restart_alt:",
            type="tertiary",
            on_click=discard_draft,
        )


def show_series(report: SeriesReport, settings: SeriesSettings) -> None:
    """Draw the series, one column at a time, with what was found marked."""
    drawable = [c for c in settings.roles.columns if c in report.frame_preview]
    if not drawable or report.frame_preview.empty:
        st.info(text("data.nothing_to_draw"), icon=":material/show_chart:")
        return
    st.subheader(text("data.series_title"), anchor=False)
    name = drawable[0]
    if len(drawable) > 1:
        start_with_choices("data_drawn", tuple(drawable), drawable[0])
        name = st.selectbox(text("data.drawn"), drawable, key="data_drawn", width=320)
    column = report.frame_preview[name]
    marks = Marks(
        gaps=tuple((gap.start, gap.stop) for gap in report.gaps),
        duplicates=report.duplicates,
        outliers=report.outliers(name),
    )
    show_figure(
        series_figure(column, marks=marks),
        key="series",
        title="",
        summary=_summary(report, column, marks),
        numbers=lambda: column.rename_axis(chart_text("app.axis_time")).reset_index(),
    )


def show_confirm(
    file: DraftFile, table: Table, settings: SeriesSettings, report: SeriesReport
) -> None:
    """Offer to go on, or say what is left to settle."""
    with next_step():
        if report.is_ready:
            st.markdown(text("data.ready", n=count(report.n_rows)), width="stretch")
        else:
            n_open = len(report.open_findings)
            st.markdown(text("data.not_ready", n=n_open), width="stretch")
        clicked = st.button(
            text("data.confirm"),
            key="data_next",
            type="primary",
            icon=":material/arrow_forward:",
            disabled=not report.is_ready,
        )
    if clicked:
        _confirm(file, table, settings, report)


def _confirm(
    file: DraftFile, table: Table, settings: SeriesSettings, report: SeriesReport
) -> None:
    try:
        built = build_series(table, settings)
    except UserInputError as error:
        st.error(plain(error), icon=":material/error:")
        return
    sample = SAMPLES.get(file.sample or "")
    series = DraftSeries(
        built=built,
        season=sample.season if sample else report.season,
        season_candidates=report.season_candidates,
        horizon=sample.horizon if sample else _first_horizon(report),
        token=secrets.token_hex(8),
    )
    keep_series(series)
    go_to("setup")


def show_study_data(study: StudyHandle) -> None:
    """Show the stored series of a study; it cannot be changed any more."""
    settings = study.settings
    values = study_series(str(study.folder), study)
    st.markdown(_study_line(study, values))
    for repair in settings.source.repairs:
        st.markdown(f"- {plain(repair)}")
    if is_one_forecast(study):
        _show_study_series(values)
    else:
        show_study_groups(values, settings.roles, settings.task)
    with next_step():
        if st.button(
            text("data.to_settings"),
            key="study_next",
            type="primary",
            icon=":material/arrow_forward:",
        ):
            go_to("setup", study=study.uuid)


def _study_line(study: StudyHandle, values: pd.DataFrame) -> str:
    """Say whose data these are, and how many."""
    settings = study.settings
    frequency, group = settings.source.frequency, settings.roles.group
    rows = raw_text("data.rows", n=count(study.n_rows))
    if group is not None:
        n_groups = values[group].nunique()
        rows = raw_text("data.rows_of_groups", groups=count(n_groups), rows=rows)
    if frequency is not None:
        step = frequency_word(frequency)
        rows = raw_text("data.rows_apart", rows=rows, step=step)
    elif group is None:
        rows += f", {raw_text('data.counted_rows')}"
    return text(
        "data.of_study" if is_one_forecast(study) else "data.of_study_rows",
        name=settings.name,
        file=settings.source.file_name,
        rows=rows,
    )


def _show_study_series(values: pd.DataFrame) -> None:
    names = [str(name) for name in values.columns]
    name = names[0]
    if len(names) > 1:
        name = st.selectbox(text("data.drawn"), names, key="study_drawn", width=320)
    column = values[name]
    show_figure(
        series_figure(column),
        key="study_series",
        title=text("data.series_title"),
        summary=text("data.series_summary", n=count(len(column)), name=name),
        numbers=values.reset_index,
    )


def _first_horizon(report: SeriesReport) -> int:
    """Return one season where it is short enough to be predicted, else one step."""
    longest = max(1, report.n_rows // 20)
    return report.season if 1 < report.season <= longest else 1


def _summary(report: SeriesReport, column: pd.Series, marks: Marks) -> str:
    parts = [text("data.series_summary", n=count(len(column)), name=str(column.name))]
    if isinstance(column.index, pd.DatetimeIndex) and report.frequency:
        parts.append(text("data.step_is", step=frequency_word(report.frequency)))
    if marks.gaps:
        parts.append(text("data.has_gaps", n=count(len(marks.gaps))))
    if len(marks.duplicates):
        parts.append(text("data.has_duplicates", n=count(len(marks.duplicates))))
    if len(marks.outliers):
        parts.append(text("data.has_outliers", n=count(len(marks.outliers))))
    return " ".join(parts)


def _size(n_bytes: int) -> str:
    if n_bytes < 1_000_000:
        return f"{max(1, round(n_bytes / 1000))} kB"
    return f"{n_bytes / 1e6:.1f} MB"
