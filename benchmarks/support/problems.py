"""What the benchmarks search on: problems, their windows, random configurations.

A problem is described by the options that `python -m search run` takes, so a script
that is compared with the search has the same series, folds and space by construction.
This module loads no framework, because every script imports it in an environment of
its own.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from search.cli.arguments import parse_arguments
from search.cli.source import build_from_options, settings_from_options
from search.config import CELLS
from search.evaluation.framing import FramedSeries, frame_series
from search.evaluation.panel import Panel, make_panel
from search.evaluation.scaling import fit_scaler
from search.evaluation.splits import SplitPlan
from search.evaluation.windows import gather_targets, gather_windows
from search.space.lines import Space, TrialParams, Value
from search.study.settings import StudySettings

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class Part:
    """The windows of one side of a fold, all of them in memory; float32.

    Attributes
    ----------
    inputs
        `past` of shape (n_windows, sequence_length, n_channels) and, where columns
        are known in advance, `known` of shape (n_windows, horizon, n_known).
    targets
        What the network should give, of shape (n_windows, horizon, 1), in scaled
        units.
    """

    inputs: list[np.ndarray]
    targets: np.ndarray


@dataclass(frozen=True)
class FoldData:
    """One fold as arrays; `scale` turns a root mean square error into real units."""

    train: Part
    valid: Part
    scale: float


@dataclass(frozen=True)
class Problem:
    """A series, its folds and the space, as the search has them; one target."""

    settings: StudySettings
    series: pd.DataFrame

    @cached_property
    def plan(self) -> SplitPlan:
        """The folds."""
        return self.settings.plan(len(self.series))

    @property
    def space(self) -> Space:
        """The search space."""
        return self.settings.space

    def panel(self, params: TrialParams) -> Panel:
        """Return the channels that `params` uses."""
        has_calendar = params.calendar == "cycles"
        return make_panel(self.series, self.settings.roles, calendar=has_calendar)

    def folds(self, params: TrialParams) -> list[FoldData]:
        """Return the windows of every fold for `params`."""
        panel, task = self.panel(params), self.settings.task
        folds = []
        for fold in self.plan.folds:
            scaler = fit_scaler(panel, params.scaler, stop=fold.valid_start)
            framed = frame_series(
                panel, scaler, params.framing, horizon=task.horizon, season=task.season
            )
            train = np.arange(params.first_origin(task.season), fold.train_stop)
            valid = np.arange(fold.valid_start, fold.valid_stop)
            folds.append(
                FoldData(
                    train=_part(framed, train, params, panel),
                    valid=_part(framed, valid, params, panel),
                    scale=float(scaler.scale[0]),
                )
            )
        return folds


def problem_of(options: Sequence[str]) -> Problem:
    """Return what `python -m search run` would search with these options."""
    parsed = parse_arguments(["run", *options])
    built = build_from_options(parsed)
    settings = settings_from_options(parsed, built)
    if len(settings.roles.targets) != 1 or settings.task.score != "rmse":
        raise ValueError("The scripts of the benchmarks score one target by RMSE.")
    return Problem(settings, built.values)


def draw_configurations(
    space: Space, n_per_cell: int, *, seed: int
) -> list[dict[str, Value]]:
    """Draw from `space` uniformly (log ranges on their scale), the cells by turns."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    return [_draw(study, space, cell) for _ in range(n_per_cell) for cell in CELLS]


def say(text: str) -> None:
    """Tell the person who waits how far the benchmark is."""
    print(text, file=sys.stderr, flush=True)


def _draw(study: "optuna.Study", space: Space, cell: str) -> dict[str, Value]:
    trial = study.ask()
    values: dict[str, Value] = {"cell": cell}
    for line in space.lines:
        if line.name != "cell" and not line.is_fixed:
            values[line.name] = line.suggest(trial)
    return values


def _part(
    framed: FramedSeries, origins: np.ndarray, params: TrialParams, panel: Panel
) -> Part:
    windows = gather_windows(
        framed,
        origins,
        sequence_length=params.sequence_length,
        n_known=panel.n_known,
    )
    horizon = len(framed.base_offsets)
    targets = gather_targets(framed.targets, origins, horizon=horizon) - windows.base
    inputs = [windows.past, windows.known] if panel.n_known else [windows.past]
    return Part(inputs, targets)
