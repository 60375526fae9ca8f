"""The search space as a form: one line a hyperparameter."""

from collections.abc import Mapping, Sequence
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components.draft import follow
from pages.components.hyperparameters import label, line_words, value_word
from pages.components.text import has_text, plain, raw_text, text
from search.config import Task
from search.errors import ConfigError, UserInputError
from search.evaluation.panel import Panel
from search.space.combinations import refusals
from search.space.lines import LIMITS, Line, Space, Value
from search.space.loss_targets import check_loss_targets
from search.space.suggestions import Suggestion, opened_line

Mode = Literal["range", "values", "fixed"]

_FIRST = ("cell", "units", "layers", "dropout", "sequence_length", "learning_rate",
          "clipnorm")  # fmt: skip
_GROUPS = {
    "framing": ("framing", "calendar", "scaler"),
    "network": ("architecture", "normalization", "dense_units", "recurrent_dropout"),
    "training": ("loss", "optimizer", "schedule", "batch_size", "l2", "clipping"),
}


def choose_space(
    suggested: Mapping[str, Suggestion],
    task: Task,
    panel: Panel,
    targets: Sequence[str],
) -> Space | None:
    """Show one line for each hyperparameter; None if a line cannot be used.

    Parameters
    ----------
    suggested
        The space that fits the data, with reasons; the form starts with it.
    task, panel, targets
        What is predicted, the data, and the names of the targets; what they refuse is
        told beside its lines.
    """
    st.markdown(text("setup.space_intro"), width=760)
    form = _Form(suggested, task)
    form.ask(_FIRST, key="lines")
    st.markdown(text("setup.space_groups"), width=760)
    for group, names in _GROUPS.items():
        st.markdown(f"**{text(f'setup.group_{group}')}**")
        form.ask(names, key=f"{group}_lines")
    chosen = [line for name in suggested if (line := form.lines[name]) is not None]
    if len(chosen) < len(suggested) or form.tell_refusals():
        return None
    space = Space(tuple(chosen))
    try:
        if "msle" in space["loss"].values:
            check_loss_targets(space, panel, targets)
    except UserInputError as error:
        form.tell("loss", str(error))
        return None
    return space


def space_summary(space: Space) -> str:
    """Return the searched lines in one markdown list."""
    shown = [
        f"- **{label(line.name)}**: {plain(line_words(line))}"
        for line in space.lines
        if not line.is_fixed
    ]
    return "\n".join(shown)


def reasons_summary(suggested: Mapping[str, Suggestion]) -> str:
    """Return why the lines are suggested, in one markdown list."""
    shown = [
        f"- **{label(name)}**, {plain(line_words(one.line))}: {plain(one.reason)}"
        for name, one in suggested.items()
        if one.reason
    ]
    return "\n".join(shown)


class _Form:
    """The lines as they are chosen, each with a place for what is wrong with it."""

    def __init__(self, suggested: Mapping[str, Suggestion], task: Task) -> None:
        self.suggested = suggested
        self.task = task
        self.lines: dict[str, Line | None] = {}
        self._places: dict[str, DeltaGenerator] = {}

    def ask(self, names: Sequence[str], *, key: str) -> None:
        """Show these lines as a grid."""
        grid = st.grid(2, min_column_width=300, border=True, key=key)
        for name in names:
            with grid.cell():
                self.lines[name] = self._ask(self.suggested[name])

    def tell(self, name: str, reason: str) -> None:
        """Show beside a line why it cannot be used."""
        self._places[name].error(plain(reason), icon=":material/error:")

    def tell_refusals(self) -> bool:
        """Show what cannot be trained beside each line that takes part."""
        values = {name: line.values for name, line in self.lines.items() if line}
        found = refusals(values, self.task)
        for refusal in found:
            for name in refusal.values:
                self.tell(name, refusal.reason)
        return bool(found)

    def _ask(self, suggestion: Suggestion) -> Line | None:
        first = suggestion.line
        name = first.name
        st.markdown(_heading(name))
        st.caption(text(f"hyperparameters.{name}_help"))
        fields = st.container()
        self._places[name] = st.container()
        if suggestion.reason:
            words = raw_text(
                "setup.suggested", words=line_words(first), reason=suggestion.reason
            )
            st.caption(f":material/lightbulb: {plain(words)}")
        try:
            with fields:
                return _choose_line(first, self.task)
        except ConfigError as error:
            self.tell(name, str(error))
            return None


def _choose_line(first: Line, task: Task) -> Line:
    if LIMITS[first.name].kind == "choice":
        return _choose_among(first, _offered(first.name, task))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        return _choose_number(first)


def _offered(name: str, task: Task) -> list[Value]:
    """Return the choices of a line, of the losses those that fit the kind of task."""
    choices = LIMITS[name].choices
    if name != "loss":
        return list(choices)
    return [choice for choice in choices if not refusals({name: (choice,)}, task)]


def _heading(name: str) -> str:
    unit = f"hyperparameters.{name}_unit"
    words = f"**{plain(label(name))}**"
    return f"{words} :gray[{plain(raw_text(unit))}]" if has_text(unit) else words


def _choose_among(first: Line, offered: Sequence[Value]) -> Line:
    name = first.name
    follow(f"setup_line_{name}", list(first.choices))
    chosen = st.pills(
        label(name),
        offered,
        selection_mode="multi",
        format_func=lambda value: value_word(name, value),
        key=f"setup_line_{name}",
        label_visibility="collapsed",
        wrap=True,
        persist_state="session",
    )
    ordered = tuple(value for value in offered if value in chosen)
    if not ordered:
        raise ConfigError(raw_text("setup.choose_one", name=label(name)))
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
    first = opened_line(first)
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
        raise ConfigError(raw_text("setup.choose_one", name=label(name)))
    return tuple(dict.fromkeys(values))


def _parse(name: str, typed: str) -> Value:
    try:
        return int(typed) if LIMITS[name].kind == "int" else float(typed)
    except ValueError:
        raise ConfigError(
            raw_text("setup.not_a_number", name=label(name), typed=typed)
        ) from None
