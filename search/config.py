"""The settings of a study: frozen records, checked once, stored beside the results."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from search.errors import ConfigError

Cell = Literal["SimpleRNN", "LSTM", "GRU"]
Score = Literal["rmse", "mae"]
CalendarCycle = Literal["hour", "weekday", "month"]
PrunerName = Literal[
    "none", "best_third", "median", "percentile", "hyperband", "halving"
]
Balance = Literal["equal_trials", "sampler"]
Deliver = Literal["one", "average"]

CELLS: tuple[Cell, ...] = ("SimpleRNN", "LSTM", "GRU")
CELL_SHORT_NAMES: dict[str, Cell] = {"rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU"}

MAX_TRIALS = 5_000
MAX_SECONDS = 30 * 24 * 3600
MAX_WORKERS = 64
MAX_REFITS = 10
MAX_EPOCHS = 10_000
MAX_SEED = 2**32 - 1
MAX_FOLDS = 50
MAX_QUEUED = 200
MAX_RUNNING = 4


@dataclass(frozen=True)
class Roles:
    """What each column of the series is for.

    Attributes
    ----------
    targets
        Columns to predict; at least one.
    past_features
        Columns known only up to the present.
    known_features
        Columns whose future values are known when the forecast is made.
    calendar
        Cycles derived from the time stamps; each becomes a sine and a cosine
        that are known in advance.
    group
        Column that tells several series or sequences apart; None for one series.
    """

    targets: tuple[str, ...]
    past_features: tuple[str, ...] = ()
    known_features: tuple[str, ...] = ()
    calendar: tuple[CalendarCycle, ...] = ()
    group: str | None = None

    def __post_init__(self) -> None:
        if not self.targets:
            raise ConfigError("Choose at least one target column.")
        columns = [*self.targets, *self.past_features, *self.known_features]
        twice = sorted({name for name in columns if columns.count(name) > 1})
        if twice:
            raise ConfigError(
                f"Each column can have one role only; {', '.join(twice)} has two."
            )
        if self.group in columns:
            raise ConfigError(
                f"Each column can have one role only; {self.group} tells the groups "
                "apart and has another one."
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns with values, targets first; `group` has none."""
        return (*self.targets, *self.past_features, *self.known_features)


@dataclass(frozen=True)
class Task:
    """What is predicted and how it is scored.

    Attributes
    ----------
    horizon
        Number of steps predicted at once, in rows.
    holdout
        Number of last rows that the search never sees.
    folds
        Number of `TimeSeriesSplit` folds before the holdout.
    season
        Rows in one season; 1 means that there is none.
    score
        Error that the search minimises, in units of the target.
    valid_size
        Validation origins in each fold; None is the standard of `TimeSeriesSplit`,
        the origins divided by ``folds + 1``.
    """

    horizon: int
    holdout: int
    folds: int = 5
    season: int = 1
    score: Score = "rmse"
    valid_size: int | None = None

    def __post_init__(self) -> None:
        _check_at_least("horizon", self.horizon, 1)
        _check_at_least("holdout", self.holdout, self.horizon)
        _check_at_least("folds", self.folds, 2)
        _check_at_least("season", self.season, 1)
        if self.valid_size is not None:
            _check_at_least("valid_size", self.valid_size, 1)


@dataclass(frozen=True)
class Budget:
    """When the search ends: after `trials`, `seconds`, or the first of both.

    Attributes
    ----------
    trials
        Complete and pruned trials.
    seconds
        Seconds of searching.
    stop_early
        Whether the search ends before that when further trials are not worth it.
    """

    trials: int | None = 60
    seconds: float | None = None
    stop_early: bool = False

    def __post_init__(self) -> None:
        if self.trials is None and self.seconds is None:
            raise ConfigError("Give a budget: a number of trials, minutes, or both.")
        if self.trials is not None:
            _check_at_least("trials", self.trials, 1)
            if self.trials > MAX_TRIALS:
                raise ConfigError(
                    f"`trials` must be at most {MAX_TRIALS}, got {self.trials}."
                )
        if self.seconds is not None and not 0 < self.seconds <= MAX_SECONDS:
            raise ConfigError(
                f"`seconds` must lie above 0 and be at most {MAX_SECONDS} (30 days), "
                f"got {self.seconds:g}."
            )


@dataclass(frozen=True)
class Training:
    """How long each network trains and how the search spends its trials.

    Attributes
    ----------
    epochs
        Largest number of epochs.
    patience
        Epochs without a better mean validation score before a trial ends; 0
        switches early stopping off.
    pruner
        Rule that ends a hopeless trial early.
    balance
        ``equal_trials`` gives each cell the same number of trials;
        ``sampler`` lets the sampler choose the cell.
    refit_seeds
        How many times each winner is trained again from other initial weights; at
        most 10 for a new study, see `check_new`.
    seed
        Seed from which all others are derived.
    deliver
        ``one`` delivers the network of the first seed; ``average`` the mean of the
        forecasts of all seeds, which takes two of them at least.
    """

    epochs: int = 60
    patience: int = 15
    pruner: PrunerName = "best_third"
    balance: Balance = "equal_trials"
    refit_seeds: int = 3
    seed: int = 0
    deliver: Deliver = "one"

    def __post_init__(self) -> None:
        _check_at_least("epochs", self.epochs, 1)
        _check_at_least("patience", self.patience, 0)
        _check_at_least("refit_seeds", self.refit_seeds, 1)
        _check_at_least("seed", self.seed, 0)
        if self.deliver == "average" and self.refit_seeds < 2:
            raise ConfigError(
                "`refit_seeds` must be at least 2 where the average of the refits is "
                f"delivered, got {self.refit_seeds}. Ask for more refits, or deliver "
                "one network."
            )

    @property
    def networks(self) -> int:
        """Networks in each delivered model, if no refit diverges."""
        return self.refit_seeds if self.deliver == "average" else 1

    def check_new(self) -> None:
        """Refuse what a new study may not have, though an older one may.

        Raises
        ------
        ConfigError
            If there are more refits, epochs or a larger seed than a new study may ask
            for.
        """
        check_at_most("epochs", self.epochs, MAX_EPOCHS)
        check_at_most("patience", self.patience, MAX_EPOCHS)
        check_at_most("seed", self.seed, MAX_SEED)
        if self.refit_seeds > MAX_REFITS:
            raise ConfigError(
                f"`refit_seeds`, the refits of each winner, must be at most "
                f"{MAX_REFITS}, got {self.refit_seeds}."
            )


@dataclass(frozen=True)
class Environment:
    """Where studies live: one place decides, the process environment may override.

    Attributes
    ----------
    studies_dir
        Folder with one sub-folder for each study (`STUDIES_DIR`).
    storage_url
        Optuna storage that all studies share (`STUDIES_STORAGE`); by default an
        SQLite file in `studies_dir`.
    artifacts
        Where hosts without a common `studies_dir` exchange files, a folder or
        ``s3://bucket/prefix`` (`STUDIES_ARTIFACTS`); None where there is one host.
    """

    studies_dir: Path
    storage_url: str = field(repr=False)  # may hold a password
    artifacts: str | None = field(default=None, repr=False)

    @classmethod
    def from_process(cls, *, storage_url: str | None = None) -> "Environment":
        """Read the variables above; `storage_url` overrides `STUDIES_STORAGE`."""
        folder = Path(os.environ.get("STUDIES_DIR") or "studies").resolve()
        url = storage_url or os.environ.get("STUDIES_STORAGE")
        artifacts = os.environ.get("STUDIES_ARTIFACTS") or None
        return cls(folder, url or f"sqlite:///{folder / 'optuna.db'}", artifacts)


def max_running() -> int:
    """Return how many studies may run at once (`STUDIES_MAX_RUNNING`).

    Raises
    ------
    ConfigError
        If the variable is not a whole number above 0.
    """
    text = os.environ.get("STUDIES_MAX_RUNNING") or str(MAX_RUNNING)
    if not text.isdecimal() or not int(text):
        raise ConfigError(
            f"STUDIES_MAX_RUNNING must be a whole number above 0, got {text!r}."
        )
    return int(text)


def check_at_most(name: str, value: int, highest: int) -> None:
    """Refuse a number that is too large, with the largest one.

    Raises
    ------
    ConfigError
        If `value` is above `highest`.
    """
    if value > highest:
        raise ConfigError(f"`{name}` must be at most {highest:,}, got {value:,}.")


def _check_at_least(name: str, value: int, lowest: int) -> None:
    if value < lowest:
        raise ConfigError(f"`{name}` must be at least {lowest}, got {value}.")
