"""How long the search may go on, and how thoroughly each network is trained."""

from dataclasses import replace
from typing import TypeVar

import streamlit as st

from pages.components.draft import follow
from pages.components.setup.presets import Preset, default_workers
from pages.components.text import plain, raw_text, text
from search.config import (
    MAX_EPOCHS,
    MAX_REFITS,
    MAX_SEED,
    MAX_TRIALS,
    MAX_WORKERS,
    Balance,
    Budget,
    Deliver,
    PrunerName,
    Training,
)

_PRUNERS: tuple[PrunerName, ...] = (
    "best_third",
    "median",
    "percentile",
    "hyperband",
    "halving",
    "none",
)
_BALANCES: tuple[Balance, ...] = ("equal_trials", "sampler")
_DELIVERIES: tuple[Deliver, ...] = ("one", "average")
_Option = TypeVar("_Option", bound=str)


def choose_budget(preset: Preset) -> Budget:
    """Show trials, minutes, and whether the search may stop by itself.

    Raises
    ------
    ConfigError
        If neither is given.
    """
    follow("setup_trials", preset.trials)
    trials = st.number_input(
        text("setup.trials"),
        min_value=1,
        max_value=MAX_TRIALS,
        step=1,
        value=None,
        key="setup_trials",
        help=text("setup.trials_help"),
        placeholder=raw_text("setup.no_limit"),
        persist_state="session",
        width=155,
    )
    follow("setup_minutes", preset.minutes)
    minutes = st.number_input(
        text("setup.minutes"),
        min_value=0.1,
        step=1.0,
        value=None,
        format="%g",
        key="setup_minutes",
        help=text("setup.minutes_help"),
        placeholder=raw_text("setup.no_limit"),
        persist_state="session",
        width=155,
    )
    follow("setup_stop_early", False)
    stop_early = st.checkbox(
        text("setup.stop_early"),
        key="setup_stop_early",
        help=text("setup.stop_early_help"),
        persist_state="session",
    )
    return Budget(
        trials=None if trials is None else int(trials),
        seconds=None if minutes is None else 60.0 * minutes,
        stop_early=stop_early,
    )


def choose_workers() -> int:
    """Show the number of worker processes; the cores of the machine by default."""
    cores = default_workers()
    follow("setup_workers", cores)
    return int(
        st.number_input(
            text("setup.workers"),
            min_value=1,
            max_value=MAX_WORKERS,
            step=1,
            key="setup_workers",
            help=text("setup.workers_help", n=cores),
            persist_state="session",
            width=155,
        )
    )


def choose_training(first: Training, epochs_reason: str | None) -> Training:
    """Show epochs, patience, pruner, balance, seed, refits, what is delivered, log.

    Parameters
    ----------
    first
        What the form starts with.
    epochs_reason
        Why so many epochs; None where that cannot be told.

    Raises
    ------
    ConfigError
        If two of them cannot work together.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        epochs = _whole("epochs", first.epochs, least=1, most=MAX_EPOCHS)
        patience = _whole("patience", first.patience, least=0, most=MAX_EPOCHS)
        seed = _whole("seed", first.seed, least=0, most=MAX_SEED)
        pruner = _choice("pruner", first.pruner, _PRUNERS)
        balance = _choice("balance", first.balance, _BALANCES)
    if epochs_reason:
        words = raw_text("setup.suggested_epochs", n=first.epochs, reason=epochs_reason)
        st.caption(f":material/lightbulb: {plain(words)}")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        refits = _whole("refit_seeds", first.refit_seeds, least=1, most=MAX_REFITS)
        # One network has no average.
        deliver: Deliver = "one"
        if refits > 1:
            deliver = _choice("deliver", first.deliver, _DELIVERIES)
        follow("setup_tensorboard", first.tensorboard)
        tensorboard = st.toggle(
            text("setup.tensorboard"),
            key="setup_tensorboard",
            help=text("setup.tensorboard_help"),
            persist_state="session",
        )
    return replace(
        first,
        epochs=epochs,
        patience=patience,
        seed=seed,
        pruner=pruner,
        balance=balance,
        refit_seeds=refits,
        deliver=deliver,
        tensorboard=tensorboard,
    )


def _whole(name: str, first: int, *, least: int, most: int) -> int:
    follow(f"setup_{name}", first)
    return int(
        st.number_input(
            text(f"setup.{name}"),
            min_value=least,
            max_value=most,
            step=1,
            key=f"setup_{name}",
            help=text(f"setup.{name}_help"),
            persist_state="session",
            width=155,
        )
    )


def _choice(name: str, first: _Option, options: tuple[_Option, ...]) -> _Option:
    follow(f"setup_{name}", first)
    return st.selectbox(
        text(f"setup.{name}"),
        options,
        format_func=lambda value: raw_text(f"setup.{name}_{value}"),
        key=f"setup_{name}",
        help=text(f"setup.{name}_help"),
        persist_state="session",
        width=340,
    )
