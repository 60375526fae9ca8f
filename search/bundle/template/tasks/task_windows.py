"""From rows to what the network says about them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from one_series import ForecastError, calendar, grid, load_network
from task_rows import Rows
from task_setup import FOLDER, TaskSetup

BATCH = 256


@dataclass(frozen=True)
class Prepared:
    """Rows as the network sees them.

    Attributes
    ----------
    inputs
        Scaled, float32 of shape (n_rows, n_inputs).
    targets
        Scaled targets that are inputs, float32 of shape (n_rows, n_targets).
    center, scale
        What makes a prediction of each group a value again, (n_groups, n_targets).
    """

    inputs: np.ndarray
    targets: np.ndarray
    center: np.ndarray
    scale: np.ndarray


def prepare(rows: Rows, setup: TaskSetup) -> Prepared:
    """Scale the rows and add what comes from their time stamps."""
    groups = rows.groups
    cycles = calendar(rows.times, setup.calendar)
    values = np.column_stack([rows.values, *cycles])
    center, scale = setup.scalers(rows.names)
    inputs = (values - center[groups]) / scale[groups]
    n_targets = len(setup.targets) if setup.has_target_inputs else 0
    targets = inputs[:, :n_targets].copy()
    if setup.framing == "seasonal":
        season = setup.season
        inputs[season:, :n_targets] = targets[season:] - targets[:-season]
    if not setup.has_target_inputs:
        shape = (len(rows.names), len(setup.label_center))
        center = np.broadcast_to(np.array(setup.label_center), shape)
        scale = np.broadcast_to(np.array(setup.label_scale), shape)
    return Prepared(
        inputs.astype(np.float32), targets.astype(np.float32), center, scale
    )


def run_network(
    rows: Rows,
    prepared: Prepared,
    stops: np.ndarray,
    setup: TaskSetup,
    *,
    folder: Path = FOLDER,
) -> np.ndarray:
    """Return the outputs of the windows that end before `stops`, in scaled units.

    The shape is (n_windows, n_steps, n_outputs); numbers have what they are a change
    against added again.
    """
    network = load_network(folder)
    outputs = []
    for start in range(0, len(stops), BATCH):
        part = stops[start : start + BATCH]
        past = _past(rows, prepared, part, setup)
        steps = np.arange(setup.horizon)
        known = np.zeros((len(part), setup.horizon, 0), dtype=np.float32)
        if setup.n_known:
            known = prepared.inputs[part[:, None] + steps, -setup.n_known :]
        output = network(past, known).astype(np.float64)
        if setup.framing != "none":
            offsets = np.full(setup.horizon, -1)
            if setup.framing == "seasonal":
                offsets = steps % setup.season - setup.season
            output += prepared.targets[part[:, None] + offsets]
        outputs.append(output)
    return np.concatenate(outputs)


def in_units(
    outputs: np.ndarray, rows: Rows, prepared: Prepared, stops: np.ndarray
) -> np.ndarray:
    """Return outputs in the units of the targets."""
    group = rows.groups[stops - 1]
    values: np.ndarray = (
        outputs * prepared.scale[group, None, : outputs.shape[-1]]
        + prepared.center[group, None, : outputs.shape[-1]]
    )
    return values


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Return the probability of each class, which are the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def all_stops(rows: Rows, setup: TaskSetup) -> np.ndarray:
    """Return the stop of each window of a table; see `TaskSetup`.

    Raises
    ------
    ForecastError
        If a group is too short for a single window.
    """
    ends = rows.first_rows + rows.sizes
    if setup.kind == "forecasting":
        stops = rows.stops
        _check_lengths(rows, stops - rows.first_rows, setup.rows_before, setup)
        return stops
    is_whole = setup.samples == "whole"
    if setup.kind in ("regression", "classification") and is_whole:
        return ends
    every = np.arange(1, len(rows.values) + 1)
    group = rows.groups
    history = every - rows.starts
    if setup.kind == "labelling":
        return every[history >= (1 if setup.padding is not None else setup.rows_before)]
    if setup.kind == "anomaly":
        after = 0 if setup.is_autoencoder else 1
        _check_lengths(rows, rows.sizes - after, setup.rows_before, setup)
        return every[(history >= setup.rows_before) & (every + after <= ends[group])]
    _check_lengths(rows, rows.sizes, setup.rows_before, setup)
    is_end = (ends[group] - every) % setup.stride == 0
    return every[(history >= setup.rows_before) & is_end]


def with_future(rows: Rows, setup: TaskSetup) -> Rows:
    """Return the rows with those that are to be forecast at the end of each group.

    Raises
    ------
    ForecastError
        If a group lacks rows in which the features known in advance are given.
    """
    ahead = rows.first_rows + rows.sizes - rows.stops
    if setup.known_features:
        for group in np.flatnonzero(ahead < setup.horizon)[:1]:
            raise ForecastError(
                f"{setup.group} {rows.names[group]!r} has {ahead[group]} rows after "
                f"its last value of {', '.join(setup.targets)}; the forecast needs "
                f"{setup.horizon} in which {', '.join(setup.known_features)} is filled "
                "in and the targets are empty."
            )
        return rows
    n_groups, n_columns = len(rows.names), rows.values.shape[1]
    empty = np.full((setup.horizon, n_columns), np.nan)
    parts, stamps = [], []
    for first, stop in zip(rows.first_rows, rows.stops, strict=True):
        parts += [rows.values[first:stop], empty]
        if rows.times is not None:
            own = rows.times[first:stop]
            further = grid(own[-1], setup.horizon + 1, setup.one_series())[1:]
            stamps += [*own, *further]
    shift = setup.horizon * np.arange(n_groups)
    return Rows(
        values=np.vstack(parts),
        answers=rows.answers,
        names=rows.names,
        first_rows=rows.first_rows + shift,
        stops=rows.stops + shift,
        times=None if rows.times is None else pd.DatetimeIndex(stamps),
    )


def _past(
    rows: Rows, prepared: Prepared, stops: np.ndarray, setup: TaskSetup
) -> np.ndarray:
    """Return the windows, of shape (n_windows, sequence_length, n_inputs)."""
    places = stops[:, None] + np.arange(-setup.sequence_length, 0)
    past: np.ndarray = prepared.inputs[np.maximum(places, 0)]
    if setup.framing == "last_value":
        n_targets = prepared.targets.shape[1]
        past[:, :, :n_targets] -= prepared.targets[stops - 1][:, None, :]
    if setup.padding is not None:
        past[places < rows.starts[stops - 1][:, None]] = setup.padding
    return past


def _check_lengths(
    rows: Rows, lengths: np.ndarray, needed: int, setup: TaskSetup
) -> None:
    for group in np.flatnonzero(lengths < needed)[:1]:
        who = "The table" if setup.group is None else f"{setup.group} "
        name = "" if setup.group is None else repr(rows.names[group])
        raise ForecastError(
            f"{who}{name} has {int(lengths[group])} rows that can be used; the network "
            f"needs {needed}. Give a longer history, or leave its rows out."
        )
