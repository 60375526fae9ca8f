"""The search space: one line a hyperparameter, either fixed or searched.

The names are the same for each cell (`units`, not `lstm_units`), because TPE models
only the parameters that all trials share.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from search.config import CELLS, Cell
from search.errors import ConfigError
from search.evaluation.framing import FramingName, first_origin
from search.evaluation.scaling import ScalerName

if TYPE_CHECKING:
    import optuna

LossName = Literal["mse", "mae", "huber", "msle", "cross_entropy"]
OptimizerName = Literal["adam", "rmsprop", "sgd", "momentum"]
ScheduleName = Literal["constant", "plateau"]
ClippingName = Literal["norm", "value"]
Value = bool | int | float | str
Kind = Literal["int", "float", "choice"]
Architecture = Literal[
    "stacked",  # recurrent layers, one on the other
    "bidirectional",  # the same, each reading the window from both ends
    "attention",  # the same, and a weighted mean over all steps beside the last one
    "convolutional",  # a convolution over three steps in front of the layers
    "encoder_decoder",  # a second recurrent part that gives one step after the other
]
Normalization = Literal["none", "layer", "batch"]


@dataclass(frozen=True)
class TrialParams:
    """One complete configuration; field names are the names of the search space."""

    cell: Cell
    units: int
    layers: int
    dropout: float
    sequence_length: int
    learning_rate: float
    clipnorm: float
    framing: FramingName = "none"
    calendar: Literal["none", "cycles"] = "none"
    loss: LossName = "mse"
    scaler: ScalerName = "standard"
    batch_size: int = 32
    recurrent_dropout: float = 0.0
    optimizer: OptimizerName = "adam"
    architecture: Architecture = "stacked"
    normalization: Normalization = "none"
    dense_units: int = 0
    schedule: ScheduleName = "constant"
    l2: float = 0.0
    clipping: ClippingName = "norm"

    def first_origin(self, season: int) -> int:
        """Return the first origin that this configuration can predict from."""
        return first_origin(self.sequence_length, self.framing, season)


@dataclass(frozen=True)
class Limits:
    """What a hyperparameter may be at all; a form shows it, `Line` checks it."""

    kind: Kind
    low: float | None = None
    high: float | None = None
    choices: tuple[Value, ...] = ()


LIMITS: dict[str, Limits] = {
    "cell": Limits("choice", choices=CELLS),
    "units": Limits("int", 1, 512),
    "layers": Limits("int", 1, 4),
    "dropout": Limits("float", 0.0, 0.9),
    "sequence_length": Limits("int", 1, 2000),
    "learning_rate": Limits("float", 1e-6, 1.0),
    "clipnorm": Limits("float", 1e-3, 1e3),
    "framing": Limits("choice", choices=("none", "last_value", "seasonal")),
    "calendar": Limits("choice", choices=("none", "cycles")),
    "loss": Limits("choice", choices=get_args(LossName)),
    "scaler": Limits("choice", choices=("standard", "minmax", "robust")),
    "batch_size": Limits("int", 1, 4096),
    "recurrent_dropout": Limits("float", 0.0, 0.9),
    "optimizer": Limits("choice", choices=get_args(OptimizerName)),
    "architecture": Limits("choice", choices=get_args(Architecture)),
    "normalization": Limits("choice", choices=get_args(Normalization)),
    "dense_units": Limits("int", 0, 512),
    "schedule": Limits("choice", choices=get_args(ScheduleName)),
    "l2": Limits("float", 0.0, 0.1),
    "clipping": Limits("choice", choices=get_args(ClippingName)),
}


@dataclass(frozen=True)
class Line:
    """One line of the search space.

    Either `choices` is given (a single choice is a fixed value), or `low` and `high`.

    Attributes
    ----------
    name
        A key of `LIMITS`.
    choices
        Values to choose from.
    low, high
        Closed range of a number.
    step
        Distance between integers of a range.
    log
        Whether the range is searched on a logarithmic scale.
    """

    name: str
    choices: tuple[Value, ...] = ()
    low: float | None = None
    high: float | None = None
    step: int = 1
    log: bool = False

    def __post_init__(self) -> None:
        if self.name not in LIMITS:
            raise ConfigError(
                f"`{self.name}` is not a hyperparameter; choose from "
                f"{', '.join(LIMITS)}."
            )
        if bool(self.choices) == (self.low is not None and self.high is not None):
            raise ConfigError(
                f"`{self.name}` needs either choices or a range from low to high."
            )
        for value in self.choices or (self.low, self.high):
            self._check(value)
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ConfigError(
                f"`{self.name}` runs from {self.low:g} to {self.high:g}; the first "
                "number must not be the larger one."
            )
        if self.step < 1:
            raise ConfigError(f"`{self.name}` needs a step of at least 1.")
        twice = next((v for v in self.choices if self.choices.count(v) > 1), None)
        if twice is not None:
            raise ConfigError(f"`{self.name}` has {twice} twice among its choices.")
        if self.log and self.step != 1:
            raise ConfigError(
                f"`{self.name}` is searched on a logarithmic scale, which needs a step "
                f"of 1, got {self.step}."
            )
        if self.log and self.low is not None and self.low <= 0:
            raise ConfigError(
                f"`{self.name}` is searched on a logarithmic scale and must start "
                f"above 0, got {self.low:g}."
            )

    def _check(self, value: Value | None) -> None:
        limits = LIMITS[self.name]
        if limits.kind == "choice":
            if value not in limits.choices or isinstance(value, bool) != isinstance(
                limits.choices[0], bool
            ):
                allowed = ", ".join(map(str, limits.choices))
                raise ConfigError(
                    f"`{self.name}` must be one of {allowed}, got {value!r}."
                )
            return
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or (limits.kind == "int" and not _is_whole(value)):
            kind = "a whole number" if limits.kind == "int" else "a number"
            raise ConfigError(f"`{self.name}` must be {kind}, got {value!r}.")
        if not limits.low <= value <= limits.high:  # type: ignore[operator]
            raise ConfigError(
                f"`{self.name}` must lie between {limits.low:g} and {limits.high:g}, "
                f"got {value:g}."
            )

    @property
    def kind(self) -> Kind:
        """Whether the values are integers, real numbers or choices."""
        return LIMITS[self.name].kind

    @property
    def is_fixed(self) -> bool:
        """Whether there is nothing to search."""
        return len(self.choices) == 1 or (not self.choices and self.low == self.high)

    @property
    def values(self) -> tuple[Value, ...]:
        """The choices, or the two ends of the range."""
        if self.choices:
            return self.choices
        assert self.low is not None and self.high is not None
        ends = (self.low, self.high)
        return tuple(int(end) for end in ends) if self.kind == "int" else ends

    def contains(self, value: Value) -> bool:
        """Return whether `value` is one of the choices, or lies in the range.

        An integer between the steps of its range counts as inside.
        """
        if self.choices:
            return value in self.choices
        low, high = self.values
        return bool(low <= value <= high)  # type: ignore[operator]

    @property
    def words(self) -> str:
        """What the line allows, such as ``16, 32`` or ``0.1 to 0.5``."""
        if self.is_fixed:
            return str(self.values[0])
        return (", " if self.choices else " to ").join(map(str, self.values))

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Value:
        """Return the value of this line for `trial`; a fixed line asks nobody."""
        if self.is_fixed:
            return self.values[0]
        if self.choices:
            return trial.suggest_categorical(self.name, self.choices)  # type: ignore[return-value]
        low, high = self.values
        if self.kind == "int":
            return trial.suggest_int(
                self.name, int(low), int(high), step=self.step, log=self.log
            )
        return trial.suggest_float(self.name, float(low), float(high), log=self.log)


@dataclass(frozen=True)
class Space:
    """All lines of a search, one for each hyperparameter, in the order of `LIMITS`."""

    lines: tuple[Line, ...]

    def __post_init__(self) -> None:
        names = [line.name for line in self.lines]
        if names != list(LIMITS):
            raise ConfigError(
                f"The space needs exactly these lines in this order: "
                f"{', '.join(LIMITS)}; got {', '.join(names)}."
            )

    def __getitem__(self, name: str) -> Line:
        return next(line for line in self.lines if line.name == name)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells that take part."""
        return tuple(cell for cell in CELLS if cell in self["cell"].values)

    @property
    def longest_sequence(self) -> int:
        """Rows of the longest window."""
        return int(max(self["sequence_length"].values))

    def first_origin(self, season: int) -> int:
        """Return the first origin that every configuration can predict from."""
        longest = self.longest_sequence
        is_seasonal = "seasonal" in self["framing"].values
        return first_origin(longest, "seasonal" if is_seasonal else "none", season)

    def with_line(self, line: Line) -> "Space":
        """Return a copy in which `line` replaces the one of the same name."""
        return replace(
            self,
            lines=tuple(line if old.name == line.name else old for old in self.lines),
        )

    def suggest(self, trial: "optuna.trial.BaseTrial") -> TrialParams:
        """Ask `trial` for every searched line and complete the fixed ones."""
        return self.complete({line.name: line.suggest(trial) for line in self.lines})

    def complete(self, params: Mapping[str, Value]) -> TrialParams:
        """Return the full configuration of a trial from its stored parameters."""
        values = {
            line.name: params.get(line.name, line.values[0]) for line in self.lines
        }
        try:
            return msgspec.convert(values, TrialParams, strict=False)
        except msgspec.ValidationError as error:
            raise ConfigError(
                f"The configuration cannot be used: {error}. Got {dict(params)}."
            ) from error

    def holds(self, params: Mapping[str, Value]) -> bool:
        """Return whether a configuration could be tried first; see below."""
        try:
            self.check_configuration(params)
        except ConfigError:
            return False
        return True

    def check_configuration(self, params: Mapping[str, Value]) -> None:
        """Refuse a configuration to be tried first that the space cannot hold.

        An integer between the steps of its range is accepted and used as it is.

        Raises
        ------
        ConfigError
            If a name is unknown or a value lies outside its line.
        """
        for name, value in params.items():
            if name not in LIMITS:
                raise ConfigError(
                    f"`{name}` is not a hyperparameter; choose from "
                    f"{', '.join(LIMITS)}."
                )
            line = self[name]
            Line(name, choices=(value,))
            if not line.contains(value):
                raise ConfigError(
                    f"`{name}` = {value!r} lies outside the search space "
                    f"({line.words})."
                )


def _is_whole(value: Value | None) -> bool:
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
