"""Settings that fit the data: folds and search space."""

from collections.abc import Sequence

from search.config import CELLS, Roles, Score, Task
from search.errors import ConfigError
from search.evaluation.framing import FramingName, first_origin
from search.evaluation.paired import origins_needed
from search.evaluation.splits import plan_splits
from search.space.lines import Line, Space, Value

# Beyond this season, windows of a whole season cost more than they tell.
LONGEST_SEASON_IN_WINDOW = 100
MOST_FOLDS, FEWEST_FOLDS = 5, 3
# Doublings: smaller steps differ less than two seeds do, and each width is a program
# of its own to compile.
UNITS = (16, 32, 64, 128)


def default_holdout(n_rows: int, horizon: int) -> int:
    """Return the last tenth of the rows, or more where the verdict needs more.

    It needs so many forecasts that a difference can be told from chance. Where they
    take more than a quarter of the rows, the networks need these rows more, and two
    horizons have to do.

    Examples
    --------
    A tenth of 400 rows holds 36 forecasts of 5 steps. The 15 that are needed take 19
    rows, and for the 72 that are needed of a day's hours two days have no room:

    >>> default_holdout(400, 5), default_holdout(100, 5), default_holdout(48, 24)
    (40, 19, 48)
    """
    tenth = n_rows // 10
    needed = origins_needed(horizon) + horizon - 1
    if needed <= n_rows // 4:
        return max(tenth, needed)
    return max(tenth, 2 * horizon)


def suggest_task(
    n_rows: int,
    *,
    horizon: int,
    holdout: int | None = None,
    folds: int | None = None,
    season: int = 1,
    score: Score = "rmse",
) -> Task:
    """Choose the folds so that the first one can learn something.

    Five standard `TimeSeriesSplit` folds are best. Where they leave the first fold
    with too few windows of the longest usual sequence length, first the validation
    ranges shrink (to one horizon at the least), then the number of folds (to three).
    What is given stays.

    Parameters
    ----------
    n_rows
        Rows in the series.
    horizon, holdout, folds, season, score
        As in `Task`; `holdout` and `folds` are chosen where they are None.
    """
    if holdout is None:
        holdout = default_holdout(n_rows, horizon)
    counts = list(range(MOST_FOLDS, FEWEST_FOLDS - 1, -1)) if folds is None else [folds]
    tasks = [
        Task(horizon, holdout, count, season, score, valid_size)
        for count in counts
        for valid_size in valid_sizes(n_rows - holdout, horizon, count)
    ]
    framing: FramingName = "seasonal" if season > 1 else "last_value"
    ladder = sequence_ladder(season)
    longest = ladder[-1] if season > 1 else 24
    for length in (longest, min(season, longest), 1):
        for task in tasks:
            if _first_fold_windows(n_rows, task, length, framing) >= _enough(task):
                return task
    return tasks[-1]


def default_space(n_rows: int, roles: Roles, task: Task) -> Space:
    """Return a space that fits the data: season, number of windows, calendar.

    Sequence lengths follow a season of up to 100 rows (half, one and two of them); a
    longer season has the ladder 12, 24, 48, 96, a series without one 6, 12, 24, 48.
    Those that leave the first fold too few training windows are left out. Framing,
    calendar, loss and scaler are searched, because each of them decides as often as
    the cell does; of the scalers the two that differ where the values have outliers,
    which is where a scaler matters. The batch grows with the number of windows,
    because an epoch of many small steps spends its time on overhead.
    """
    framings: list[FramingName] = ["none", "last_value"]
    lengths = _sequence_lengths(n_rows, task, "none")
    if task.season > 1 and _fitting(n_rows, task, lengths, "seasonal"):
        framings.append("seasonal")
        lengths = _sequence_lengths(n_rows, task, "seasonal")
    losses: tuple[Value, ...] = ("mse", "mae")
    if task.has_classes:
        losses = ("cross_entropy",)
    elif task.score == "mae":
        losses = ("mae", "mse")
    calendars: tuple[Value, ...] = ("none", "cycles") if roles.calendar else ("none",)
    return usual_space(
        lengths=lengths,
        framings=framings,
        losses=losses,
        calendars=calendars,
        batch_size=batch_size_for(n_rows - task.holdout),
    )


def usual_space(
    *,
    lengths: Sequence[int],
    framings: Sequence[FramingName],
    losses: Sequence[Value],
    calendars: Sequence[Value],
    batch_size: int,
) -> Space:
    """Return the usual space with the lines that depend on the data."""
    return Space(
        (
            Line("cell", choices=CELLS),
            Line("units", choices=UNITS),
            Line("layers", low=1, high=3),
            Line("dropout", low=0.0, high=0.5),
            Line("sequence_length", choices=tuple(lengths)),
            Line("learning_rate", low=1e-4, high=1e-2, log=True),
            Line("clipnorm", low=0.1, high=5.0, log=True),
            Line("framing", choices=tuple(framings)),
            Line("calendar", choices=tuple(calendars)),
            Line("loss", choices=tuple(losses)),
            Line("scaler", choices=("standard", "robust")),
            Line("batch_size", choices=(batch_size,)),
            Line("recurrent_dropout", choices=(0.0,)),
            Line("optimizer", choices=("adam",)),
            Line("architecture", choices=("stacked",)),
            Line("normalization", choices=("none",)),
            Line("dense_units", choices=(0,)),
            Line("schedule", choices=("constant",)),
            Line("l2", choices=(0.0,)),
            Line("clipping", choices=("norm",)),
        )
    )


def valid_sizes(n_rows: int, horizon: int, folds: int) -> list[int | None]:
    """Return the standard size (None), then smaller ones down to one horizon."""
    standard = n_rows // (folds + 1)
    smaller = (standard // 2, horizon)
    return [None, *(size for size in smaller if horizon <= size < standard)]


def _enough(task: Task) -> int:
    """Training windows below which a fold says little about a network."""
    return max(20, 2 * task.horizon)


def fewest_windows(task: Task) -> int:
    """Return the training windows that a sequence length must leave fold 1."""
    return min(20, task.horizon + 4)


def sequence_ladder(season: int) -> list[int]:
    """Return at most four sequence lengths, in growing order."""
    if season <= 1:
        return [6, 12, 24, 48]
    if season > LONGEST_SEASON_IN_WINDOW:
        return [12, 24, 48, 96]
    return sorted({max(4, season // 2), season, 2 * season})


def _sequence_lengths(n_rows: int, task: Task, framing: FramingName) -> list[int]:
    ladder = sequence_ladder(task.season)
    shorter = [length for length in (4, 3, 2, 1) if length < ladder[0]]
    fitting = _fitting(n_rows, task, ladder, framing)
    return fitting or _fitting(n_rows, task, shorter, framing)[:1] or ladder[:1]


def _fitting(
    n_rows: int, task: Task, lengths: Sequence[int], framing: FramingName
) -> list[int]:
    """Return the lengths that leave fold 1 a horizon of windows, at most 20."""
    least = fewest_windows(task)
    return [
        length
        for length in lengths
        if _first_fold_windows(n_rows, task, length, framing) >= least
    ]


def _first_fold_windows(
    n_rows: int, task: Task, sequence_length: int, framing: FramingName
) -> int:
    """Return the training windows of fold 1; 0 where the folds cannot be made."""
    first = first_origin(sequence_length, framing, task.season)
    try:
        return plan_splits(n_rows, task, first_origin=first).folds[0].n_train(first)
    except ConfigError:
        return 0


def batch_size_for(n_windows: int) -> int:
    """Return the usual batch size for so many training windows."""
    ladder = ((4_000, 32), (10_000, 64), (30_000, 128))
    return next((batch for most, batch in ladder if n_windows <= most), 256)
