"""How the file was read: shown in one line, open to correction."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from pages.components.draft import DraftFile, follow, remember, start_with
from pages.components.numbers import count
from pages.components.text import plain, raw_text, text
from search.data.reading.shape import ShapeGuess, guess_shape, wide_options
from search.data.table import ReadOptions, Table, detect_options, read_table
from search.errors import TableFormatError

_DELIMITERS = (",", ";", "\t", "|", "whitespace")
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1", "mac_roman")
_DECIMALS = (".", ",")
_THOUSANDS = ("", ",", ".", " ", "'")
_MARKS = {
    ",": "comma",
    ";": "semicolon",
    "\t": "tab",
    "|": "bar",
    "whitespace": "whitespace",
    ".": "point",
    " ": "blank",
    "'": "apostrophe",
    "": "none",
}
_PREVIEW_ROWS = 200
_SHAPED = ("csv", "excel", "parquet")


def read_draft(file: DraftFile) -> Table | None:
    """Read the file as detected or corrected; show how, or why it cannot be read."""
    try:
        detected = remember(
            "detected", file.token, lambda: detect_options(file.content, file.name)
        )
    except TableFormatError as error:
        st.error(plain(error), icon=":material/error:")
        return None
    options = _chosen_options(detected)
    sheets: tuple[str, ...] = ()
    guess: ShapeGuess | None = None
    try:
        table = remember(
            "table",
            (file.token, options),
            lambda: read_table(file.content, name=file.name, options=options),
        )
        sheets = table.sheets
        if options.format in _SHAPED:
            guess = remember("guess", (file.token, options), lambda: guess_shape(table))
            table = _in_shape(file, table, guess)
    except TableFormatError as error:
        st.error(plain(error), icon=":material/error:")
        _show_controls(detected, options, sheets=sheets, guess=guess)
        return None
    _show_controls(detected, options, sheets=sheets, guess=guess)
    if table.options.shape == "wide" and guess is not None:
        reason = guess.reason if guess.shape == "wide" else ""
        st.caption(f"{text('data.read_wide')} {plain(reason)}")
    with st.expander(text("data.rows_of_file"), icon=":material/table:"):
        _show_preview(table)
    return table


def _in_shape(file: DraftFile, table: Table, guess: ShapeGuess) -> Table:
    """Return the table with one row a step, whichever shape the file has.

    Raises
    ------
    TableFormatError
        If it was chosen to be wide and has no numbered columns.
    """
    shape = st.session_state.get("data_shape", guess.shape)
    if shape == "long":
        return table
    label = guess.label if guess.shape == "wide" else None
    options = wide_options(table.options, replace(guess, shape="wide", label=label))
    return remember(
        "wide_table",
        (file.token, options),
        lambda: read_table(file.content, name=file.name, options=options),
    )


def _chosen_options(detected: ReadOptions) -> ReadOptions:
    """Return the detected options, corrected by what the controls hold."""
    state = st.session_state
    return replace(
        detected,
        delimiter=state.get("data_delimiter", detected.delimiter),
        decimal=state.get("data_decimal", detected.decimal),
        thousands=state.get("data_thousands", detected.thousands or "") or None,
        encoding=state.get("data_encoding", detected.encoding),
        header=state.get("data_header", detected.header),
        sheet=state.get("data_sheet", detected.sheet),
        skip_lines=int(state.get("data_skip_lines", detected.skip_lines)),
    )


def _show_controls(
    detected: ReadOptions,
    options: ReadOptions,
    *,
    sheets: tuple[str, ...],
    guess: ShapeGuess | None,
) -> None:
    with (
        st.expander(_summary(options), icon=":material/tune:", key="data_reading"),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        if options.format in ("csv", "zip"):
            _text_controls(detected)
        elif sheets:
            start_with("data_sheet", detected.sheet or sheets[0])
            st.selectbox(
                text("data.sheet"), sheets, key="data_sheet", persist_state="session"
            )
        if options.format not in ("parquet", "ts"):
            start_with("data_header", detected.header)
            st.toggle(text("data.header"), key="data_header", persist_state="session")
        if guess is not None:
            _shape_choice(guess)


def _shape_choice(guess: ShapeGuess) -> None:
    follow("data_shape", guess.shape)
    st.selectbox(
        text("data.shape"),
        ["long", "wide"],
        format_func=lambda shape: raw_text(f"data.shape_{shape}"),
        key="data_shape",
        help=text("data.shape_help"),
        persist_state="session",
        width=230,
    )


def _text_controls(detected: ReadOptions) -> None:
    _mark_choice("delimiter", _DELIMITERS, detected.delimiter)
    _mark_choice("decimal", _DECIMALS, detected.decimal)
    _mark_choice("thousands", _THOUSANDS, detected.thousands or "")
    start_with("data_encoding", detected.encoding)
    st.selectbox(
        text("data.encoding"),
        dict.fromkeys((detected.encoding, *_ENCODINGS)),
        key="data_encoding",
        persist_state="session",
        width=135,
    )
    start_with("data_skip_lines", detected.skip_lines)
    st.number_input(
        text("data.skip_lines"),
        min_value=0,
        max_value=1000,
        step=1,
        key="data_skip_lines",
        help=text("data.skip_lines_help"),
        persist_state="session",
        width=135,
    )


def _mark_choice(name: str, marks: tuple[str, ...], detected: str) -> None:
    start_with(f"data_{name}", detected)
    st.selectbox(
        text(f"data.{name}"),
        list(dict.fromkeys((detected, *marks))),
        format_func=_mark_word,
        key=f"data_{name}",
        persist_state="session",
        width=135,
    )


def _mark_word(mark: str) -> str:
    """Return the name of a mark and the mark itself, as an option of a list."""
    name = _mark_name(mark)
    return f"{name}  {mark}" if len(mark) == 1 and not mark.isspace() else name


def _mark_name(mark: str) -> str:
    return raw_text(f"data.mark_{_MARKS[mark]}") if mark in _MARKS else f'"{mark}"'


def _summary(options: ReadOptions) -> str:
    if options.format in ("parquet", "ts"):
        return text(f"data.read_{options.format}")
    header = text("data.with_header" if options.header else "data.without_header")
    if options.format == "excel":
        return text("data.read_excel", sheet=options.sheet or "1", header=header)
    return (
        text(
            f"data.read_{options.format}",
            delimiter=_mark_name(options.delimiter),
            decimal=_mark_name(options.decimal),
            encoding=options.encoding,
        )
        + f", {header}"
    )


def _show_preview(table: Table) -> None:
    frame = table.frame.head(_PREVIEW_ROWS)
    rows = table.file_rows(pd.RangeIndex(len(frame)).to_numpy())
    st.dataframe(
        frame.set_axis(pd.Index(rows, name=raw_text("data.line")), axis=0),
        height=260,
        key="data_preview",
        alt=text("data.rows_of_file"),
    )
    if len(table.frame) > len(frame):
        st.caption(
            text("data.preview_note", n=len(frame), total=count(len(table.frame)))
        )
