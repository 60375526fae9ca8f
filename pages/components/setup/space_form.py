"""The search space as a form: one line a hyperparameter."""

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from pages.components.draft import follow
from pages.components.text import has_text, plain, raw_text, text
from search.errors import ConfigError
from search.study.space import LIMITS, Line, Space, Value

Mode = Literal["range", "values", "fixed"]


def choose_space(base: Space) -> Space | None:
    """Show one line for each hyperparameter; None if a line cannot be used.

    Parameters
    ----------
    base
        The space that fits the data; the form starts with it.
    """
    st.markdown(text("setup.space_intro"), width=760)
    names = [line.name for line in base.lines]
    lines = _choose_lines(base.lines[: names.index("framing")], key="lines")
    st.markdown(f"**{text('setup.space_more')}**")
    lines += _choose_lines(base.lines[names.index("framing") :], key="more_lines")
    chosen = [line for line in lines if line is not None]
    return Space(tuple(chosen)) if len(chosen) == len(lines) else None


def _choose_lines(firsts: Sequence[Line], *, key: str) -> list[Line | None]:
    grid = st.grid(2, min_column_width=300, border=True, key=key)
    lines = []
    for first in firsts:
        with grid.cell():
            lines.append(_choose_line(first))
    return lines


def space_summary(space: Space) -> str:
    """Return the searched lines in one markdown list."""
    shown = [
        f"- **{_label(line.name)}**: {plain(line_words(line))}"
        for line in space.lines
        if not line.is_fixed
    ]
    return "\n".join(shown)


def line_words(line: Line) -> str:
    """Return what a line allows, such as ``16 to 64`` or ``12, 24``."""
    if line.choices:
        return ", ".join(value_word(line.name, value) for value in line.choices)
    low, high = line.values
    words = raw_text("setup.range_words", low=f"{low:g}", high=f"{high:g}")
    if line.log:
        return raw_text("setup.log_words", range=words)
    if line.step > 1:
        return raw_text("setup.step_words", range=words, step=line.step)
    return words


def value_word(name: str, value: Value) -> str:
    """Return a value of the hyperparameter `name` in words."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}"
    key = f"hyperparameters.{name}_{str(value).lower()}"
    return raw_text(key) if has_text(key) else str(value)


def _label(name: str) -> str:
    return text(f"hyperparameters.{name}")


def _choose_line(first: Line) -> Line | None:
    name = first.name
    st.markdown(f"**{_label(name)}**")
    st.caption(text(f"hyperparameters.{name}_help"))
    try:
        if LIMITS[name].kind == "choice":
            return _choose_among(first)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            return _choose_number(first)
    except ConfigError as error:
        st.error(plain(error), icon=":material/error:")
        return None


def _choose_among(first: Line) -> Line:
    name = first.name
    follow(f"setup_line_{name}", list(first.choices))
    chosen = st.pills(
        _label(name),
        LIMITS[name].choices,
        selection_mode="multi",
        format_func=lambda value: value_word(name, value),
        key=f"setup_line_{name}",
        label_visibility="collapsed",
        wrap=True,
        persist_state="session",
    )
    ordered = tuple(value for value in LIMITS[name].choices if value in chosen)
    if not ordered:
        raise ConfigError(raw_text("setup.choose_one", name=_label(name)))
    return Line(name, choices=ordered)


def _choose_number(first: Line) -> Line:
    name = first.name
    key = f"setup_mode_{name}"
    follow(key, _mode(first))
    mode = st.selectbox(
        text("setup.mode"),
        ["range", "values", "fixed"],
        format_func=lambda value: raw_text(f"setup.mode_{value}"),
        key=key,
        persist_state="session",
        width=115,
    )
    if mode == "range":
        return _choose_range(first)
    if mode == "values":
        return Line(name, choices=_type_values(first))
    follow(f"setup_fixed_{name}", _number(name, first.values[0]))
    value = _number_field("fixed", name)
    return Line(name, choices=(value,))


def _mode(line: Line) -> Mode:
    if line.is_fixed:
        return "fixed"
    return "values" if line.choices else "range"


def _choose_range(first: Line) -> Line:
    name = first.name
    values = [float(value) for value in first.values]
    follow(f"setup_low_{name}", _number(name, min(values)))
    follow(f"setup_high_{name}", _number(name, max(values)))
    low, high = _number_field("low", name), _number_field("high", name)
    if LIMITS[name].kind == "int":
        return Line(name, low=low, high=high, step=_step_field(first))
    follow(f"setup_log_{name}", first.log)
    log = st.toggle(
        text("setup.log"),
        key=f"setup_log_{name}",
        help=text("setup.log_help"),
        persist_state="session",
    )
    return Line(name, low=low, high=high, log=log)


def _step_field(first: Line) -> int:
    key = f"setup_step_{first.name}"
    follow(key, first.step)
    return int(
        st.number_input(
            text("setup.step"),
            min_value=1,
            step=1,
            key=key,
            persist_state="session",
            width=105,
        )
    )


def _number_field(part: str, name: str) -> int | float:
    limits = LIMITS[name]
    is_whole = limits.kind == "int"
    return st.number_input(
        text(f"setup.{part}"),
        min_value=_number(name, limits.low or 0),
        max_value=_number(name, limits.high or 0),
        step=1 if is_whole else None,
        format="%d" if is_whole else "%g",
        key=f"setup_{part}_{name}",
        persist_state="session",
        width=105,
    )


def _number(name: str, value: Value) -> int | float:
    return int(value) if LIMITS[name].kind == "int" else float(value)


def _type_values(first: Line) -> tuple[Value, ...]:
    name = first.name
    follow(f"setup_values_{name}", ", ".join(f"{v:g}" for v in first.values))
    typed = st.text_input(
        text("setup.values"),
        key=f"setup_values_{name}",
        help=text("setup.values_help"),
        persist_state="session",
        width=240,
    )
    values: list[Value] = []
    for part in typed.replace(";", ",").split(","):
        if part.strip():
            values.append(_parse(name, part.strip()))
    if not values:
        raise ConfigError(raw_text("setup.choose_one", name=_label(name)))
    return tuple(dict.fromkeys(values))


def _parse(name: str, typed: str) -> Value:
    try:
        return int(typed) if LIMITS[name].kind == "int" else float(typed)
    except ValueError:
        raise ConfigError(
            raw_text("setup.not_a_number", name=_label(name), typed=typed)
        ) from None
