"""The settings of a study: frozen records, checked once, stored beside the results."""

from dataclasses import dataclass
from typing import Literal

from search.errors import ConfigError

Cell = Literal["SimpleRNN", "LSTM", "GRU"]
Score = Literal["rmse", "mae", "log_loss", "error_rate", "f1_error"]
TaskKind = Literal[
    "forecasting", "regression", "classification", "labelling", "anomaly"
]
SampleChoice = Literal["whole", "sliding"]
ClassWeights = Literal["none", "balanced"]
GroupOrder = Literal["time", "none"]
Detector = Literal["forecaster", "autoencoder"]
CalendarCycle = Literal["hour", "weekday", "month"]
PrunerName = Literal[
    "none", "best_third", "median", "percentile", "hyperband", "halving"
]
Balance = Literal["equal_trials", "sampler"]
Deliver = Literal["one", "average"]

CELLS: tuple[Cell, ...] = ("SimpleRNN", "LSTM", "GRU")
CELL_SHORT_NAMES: dict[str, Cell] = {"rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU"}

# Their targets are among the inputs, and each series has a holdout at its end.
INPUT_KINDS: tuple[TaskKind, ...] = ("forecasting", "anomaly")
CLASS_KINDS: tuple[TaskKind, ...] = ("classification", "labelling")
CLASS_SCORES: tuple[Score, ...] = ("log_loss", "error_rate", "f1_error")

MAX_TRIALS = 5_000
MAX_SECONDS = 30 * 24 * 3600
MAX_WORKERS = 64
MAX_REFITS = 10
MAX_EPOCHS = 10_000
MAX_SEED = 2**32 - 1
MAX_FOLDS = 50
MAX_QUEUED = 200


@dataclass(frozen=True)
class Roles:
    """What each column of the series is for.

    Attributes
    ----------
    targets
        Columns to predict; at least one. Where classes are told apart, the one column
        of the class.
    past_features
        Columns known only up to the present.
    known_features
        Columns whose future values are known when the forecast is made.
    calendar
        Cycles derived from the time stamps; each becomes a sine and a cosine
        that are known in advance.
    group
        Column that names the series, sequence or batch of each row; None where the
        table is one series.
    label
        Column that is 0 where a row is normal; only where anomalies are looked for,
        and never an input.
    """

    targets: tuple[str, ...]
    past_features: tuple[str, ...] = ()
    known_features: tuple[str, ...] = ()
    calendar: tuple[CalendarCycle, ...] = ()
    group: str | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        if not self.targets:
            raise ConfigError("Choose at least one target column.")
        columns = [*self.columns, *filter(None, (self.group, self.label))]
        twice = sorted({name for name in columns if columns.count(name) > 1})
        if twice:
            group = self.group
            why = f": {group} tells the groups apart as well" if group in twice else ""
            raise ConfigError(
                f"Each column can have one role only; {', '.join(twice)} has two{why}."
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that hold values to predict or to learn from, targets first."""
        return (*self.targets, *self.past_features, *self.known_features)

    def inputs(self, kind: TaskKind) -> tuple[str, ...]:
        """Return the columns that a network is given for this kind of task."""
        features = (*self.past_features, *self.known_features)
        return (*self.targets, *features) if kind in INPUT_KINDS else features


@dataclass(frozen=True)
class Task:
    """What is predicted and how it is scored.

    Attributes
    ----------
    horizon
        Number of steps predicted at once, in rows; 1 except for forecasting.
    holdout
        What the search never sees: the last rows of the series, or of each series
        where many are forecast; groups where sequences are told apart or valued; the
        last normal rows of each series, which settle the threshold, where anomalies
        are looked for. 0 only where `test_groups` are given, or for anomalies.
    folds
        Number of folds before the holdout.
    season
        Rows in one season; 1 means that there is none.
    score
        Error that the search minimises: ``rmse`` and ``mae`` in units of the target,
        ``log_loss``, ``error_rate`` and ``f1_error`` (1 less macro F1) for classes.
    valid_size
        Validation origins in each fold (groups, where the folds keep groups whole and
        in their order); None is the standard of `TimeSeriesSplit`, the origins
        divided by ``folds + 1``.
    kind
        What a sample is asked for; see `search.evaluation.samples`.
    classes
        Names of the classes, sorted; the target column holds their places 0, 1, …
    samples
        For regression and classification: one sample for each ``whole`` group, or
        ``sliding`` windows inside the groups.
    stride
        Rows between the ends of neighbouring sliding windows.
    class_weights
        ``balanced`` gives each class the same weight in the loss.
    group_order
        Whether the groups follow each other in ``time``, or have no order (``none``).
    test_groups
        Names of the groups that are the holdout.
    detector
        Network that learns what is normal: a ``forecaster`` of the next row, or an
        ``autoencoder`` of the window.
    normal_rows
        First rows of each group that are known to be normal; None takes all rows
        before the first one whose label says otherwise.
    """

    horizon: int
    holdout: int
    folds: int = 5
    season: int = 1
    score: Score = "rmse"
    valid_size: int | None = None
    kind: TaskKind = "forecasting"
    classes: tuple[str, ...] = ()
    samples: SampleChoice = "whole"
    stride: int = 1
    class_weights: ClassWeights = "none"
    group_order: GroupOrder = "none"
    test_groups: tuple[str, ...] = ()
    detector: Detector = "forecaster"
    normal_rows: int | None = None

    def __post_init__(self) -> None:
        _check_at_least("horizon", self.horizon, 1)
        if self.kind == "forecasting":
            _check_at_least("holdout", self.holdout, self.horizon)
        else:
            is_given = bool(self.test_groups) or self.kind == "anomaly"
            _check_at_least("holdout", self.holdout, 0 if is_given else 1)
        _check_at_least("folds", self.folds, 2)
        _check_at_least("season", self.season, 1)
        _check_at_least("stride", self.stride, 1)
        if self.valid_size is not None:
            _check_at_least("valid_size", self.valid_size, 1)
        if self.normal_rows is not None:
            _check_at_least("normal_rows", self.normal_rows, 1)
        _check_kind(self)

    @property
    def has_classes(self) -> bool:
        """Whether classes are told apart."""
        return self.kind in CLASS_KINDS

    def check_roles(self, roles: Roles) -> None:
        """Refuse columns that do not fit the task.

        Raises
        ------
        ConfigError
            If a column is absent that the task needs, or one is given that it cannot
            use.
        """
        if self.has_classes and len(roles.targets) > 1:
            raise ConfigError(
                f"A task of kind {self.kind!r} has one column of classes, got "
                f"{len(roles.targets)}: {', '.join(roles.targets)}."
            )
        is_input = self.kind in INPUT_KINDS
        if not is_input and not (roles.past_features or roles.known_features):
            raise ConfigError(
                f"A task of kind {self.kind!r} needs at least one feature: "
                f"{', '.join(roles.targets)} is the answer and never an input."
            )
        is_whole = self.kind in ("regression", "classification") and (
            self.samples == "whole"
        )
        if roles.group is None and (is_whole or self.test_groups):
            raise ConfigError(
                f"A task of kind {self.kind!r} with "
                f"{'whole sequences' if is_whole else '`test_groups`'} needs the "
                "column that names the sequence of each row (`group`)."
            )
        if self.kind == "anomaly":
            if self.normal_rows is None and roles.label is None:
                raise ConfigError(
                    "Say what is normal: give `normal_rows`, the first rows known to "
                    "be normal, or a column that says which rows are not (`label`)."
                )
        elif roles.label is not None:
            raise ConfigError(
                f"`label` ({roles.label!r}) is for anomalies only; the class column of "
                f"a task of kind {self.kind!r} is its target."
            )


def _check_kind(task: Task) -> None:
    if task.kind != "forecasting" and task.horizon != 1:
        raise ConfigError(
            f"`horizon` must be 1 for a task of kind {task.kind!r}, got {task.horizon}."
        )
    if task.has_classes:
        if len(task.classes) < 2:
            raise ConfigError(
                f"A task of kind {task.kind!r} needs at least two `classes`, got "
                f"{len(task.classes)}."
            )
        if list(task.classes) != sorted(set(task.classes)):
            raise ConfigError(
                "`classes` must be sorted and without repetition, got "
                f"{', '.join(task.classes)}."
            )
    elif task.classes:
        raise ConfigError(
            f"`classes` must be empty for a task of kind {task.kind!r}, got "
            f"{', '.join(task.classes)}."
        )
    if task.has_classes != (task.score in CLASS_SCORES):
        fitting = ", ".join(CLASS_SCORES) if task.has_classes else "rmse, mae"
        raise ConfigError(
            f"`score` must be one of {fitting} for a task of kind {task.kind!r}, got "
            f"{task.score!r}."
        )
    if task.test_groups and task.kind in INPUT_KINDS:
        raise ConfigError(
            f"`test_groups` must be empty for a task of kind {task.kind!r}: every "
            "series has a holdout of its own."
        )
    if task.test_groups and task.holdout:
        raise ConfigError(
            f"`holdout` must be 0 where `test_groups` ({len(task.test_groups)}) are "
            f"the holdout, got {task.holdout}."
        )


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
    tensorboard
        Whether each refit writes a log for TensorBoard.
    """

    epochs: int = 60
    patience: int = 15
    pruner: PrunerName = "best_third"
    balance: Balance = "equal_trials"
    refit_seeds: int = 3
    seed: int = 0
    deliver: Deliver = "one"
    tensorboard: bool = False

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

    @staticmethod
    def usual_delivery(refit_seeds: int) -> Deliver:
        """Return what a new study delivers unless asked for something else.

        A score that is convex in the forecast, such as squared and absolute error and
        log loss, is for the average at most the mean of those of its networks.
        """
        return "average" if refit_seeds > 1 else "one"

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
