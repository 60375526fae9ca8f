"""One epoch of each task: the engine against `keras.Model.fit` with the same windows.

Both sides have the same network, weights, windows (padded where groups are shorter) and
batches, in one process. What is compared is the fastest epoch of each, because other
work on the machine only adds::

    python -m benchmarks.tasks
    python -m benchmarks.tasks --tasks classification,anomaly --cell LSTM --units 64
"""

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from search.config import CELLS, Task
from search.evaluation.group_splits import plan_samples
from search.evaluation.panel import Panel
from search.space.lines import TrialParams

CLASSES = ("fast", "slow", "still")
HORIZON = 6


def make_panel(n_groups: int, longest: int, *, is_target: bool = False) -> Panel:
    """Return waves of three speeds, from a quarter of `longest` rows to all.

    The label of a row is the speed of its group; where the wave itself `is_target`,
    all groups have four times `longest` rows and there is no label.
    """
    generator = np.random.default_rng(0)
    lengths = generator.integers(longest // 4, longest + 1, n_groups)
    if is_target:
        lengths = np.full(n_groups, 4 * longest)
    places = np.arange(n_groups) % len(CLASSES)
    waves = [
        np.sin(np.arange(length) * (1.0, 0.3, 0.0)[place])
        + generator.normal(0, 0.1, length)
        for length, place in zip(lengths, places, strict=True)
    ]
    labels = np.repeat(places, lengths).astype(np.float64)[:, None]
    return Panel(
        values=np.concatenate(waves)[:, None],
        channels=("wave",),
        n_targets=1 if is_target else 0,
        n_known=0,
        n_calendar=0,
        first_rows=tuple(np.cumsum([0, *lengths[:-1]]).tolist()),
        group_names=tuple(map(str, range(n_groups))),
        labels=None if is_target else labels,
    )


@dataclass(frozen=True)
class Case:
    """A task of the table.

    Attributes
    ----------
    words
        What it is, for the table.
    task
        What is asked of the samples.
    panel
        Makes the rows from the number of sequences and the longest length.
    """

    words: str
    task: Task
    panel: Callable[[int, int], Panel]


def _few_series(n_groups: int, longest: int) -> Panel:
    """Return a few long series that make as many windows."""
    return make_panel(max(2, n_groups // (3 * longest)), longest, is_target=True)


def _few_sequences(n_groups: int, longest: int) -> Panel:
    """Return sequences with as many rows as the others have samples."""
    return make_panel(max(6, n_groups // (longest // 2)), longest)


def _task(**changes: Any) -> Task:
    values: dict[str, Any] = {"horizon": 1, "holdout": 2, "folds": 2}
    return Task(**(values | changes))


def _classes(**changes: Any) -> Task:
    return _task(classes=CLASSES, score="log_loss", **changes)


CASES = {
    "regression": Case("a number a sequence", _task(kind="regression"), make_panel),
    "classification": Case(
        "a class a sequence", _classes(kind="classification"), make_panel
    ),
    "labelling": Case("a class a row", _classes(kind="labelling"), _few_sequences),
    "forecasting": Case(
        f"many series, {HORIZON} steps ahead",
        _task(horizon=HORIZON, holdout=2 * HORIZON),
        _few_series,
    ),
    "anomaly": Case(
        "anomalies, autoencoder",
        _task(kind="anomaly", detector="autoencoder", holdout=0, normal_rows=10**6),
        _few_series,
    ),
}


@dataclass(frozen=True)
class Timing:
    """Seconds of the fastest epoch of both sides, and of compiling ours once."""

    n_samples: int
    compiling: float
    engine: float
    keras: float

    @property
    def ratio(self) -> float:
        """How many times as long `fit` takes."""
        return self.keras / self.engine


def measure(case: Case, args: argparse.Namespace) -> Timing:
    """Train both sides for some epochs; TensorFlow must be prepared."""
    import keras

    from search.evaluation.windows import gather_targets, gather_windows
    from search.worker.engine import epoch_program
    from search.worker.folds import Scalers, refit_split
    from search.worker.gathering import series_tensors
    from search.worker.models import build_model, network_shape
    from search.worker.records import Rates

    panel, task = case.panel(args.groups, args.length), case.task
    params = TrialParams(
        cell=args.cell,
        units=args.units,
        layers=args.layers,
        dropout=0.0,
        sequence_length=args.length,
        learning_rate=1e-3,
        clipnorm=1.0,
        batch_size=args.batch,
        loss="cross_entropy" if task.has_classes else "mse",
    )
    if task.kind == "anomaly":
        params = replace(params, architecture="encoder_decoder")
    plan = plan_samples(panel, task, first_origin=args.length)
    split = refit_split(plan, args.length)
    shape = network_shape(params, panel, task)
    scalers = Scalers.fit(panel, params.scaler, task, rows=split.rows)
    framed, stops = scalers.frame(panel, params, task), split.training
    model = build_model(shape)

    program = epoch_program(shape, params.batch_size, params.optimizer, panel.n_rows)
    series = series_tensors(framed)
    state = program.start_from(shape, model.get_weights(), learning_rate=1e-3)
    compiling = program.compile(state, series)
    ours, theirs = [], []
    for _ in range(args.epochs):
        started = time.perf_counter()
        outcome = program.run(
            state, series, order=stops, validation=stops[:0], rates=Rates.of(params)
        )
        state = outcome.state
        ours.append(time.perf_counter() - started)

    windows = gather_windows(framed, stops, sequence_length=args.length, n_known=0)
    targets = gather_targets(
        framed.targets, stops + shape.target_offset, horizon=shape.horizon
    )
    loss: Any = "mse"
    if task.has_classes:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        targets = targets[..., 0]
    model.compile(keras.optimizers.Adam(1e-3, clipnorm=1.0), loss=loss)
    for _ in range(args.epochs):
        started = time.perf_counter()
        model.fit(
            windows.past, targets, batch_size=args.batch, shuffle=False, verbose=0
        )
        theirs.append(time.perf_counter() - started)
    return Timing(len(stops), compiling, min(ours), min(theirs))


def parse() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", default=",".join(CASES), help="comma between (all)")
    parser.add_argument("--cell", choices=CELLS, default="GRU")
    for name, value in (
        ("units", 32),
        ("layers", 1),
        ("length", 48),
        ("groups", 600),
        ("batch", 32),
        ("epochs", 5),
    ):
        parser.add_argument(f"--{name}", type=int, default=value)
    return parser.parse_args()


def main() -> None:
    """Measure every task and print one table."""
    from search.worker.environment import prepare_environment

    args = parse()
    prepare_environment(threads=1)
    print(
        f"{args.cell}, {args.units} units, {args.layers} layer, windows of "
        f"{args.length} rows, batch {args.batch}, {os.cpu_count()} cores, one thread\n"
    )
    columns = ("task", "samples", "engine", "`fit`", "ratio", "compiling once")
    print(f"| {' | '.join(columns)} |")
    print("|---" * len(columns) + "|")
    for name in args.tasks.split(","):
        found = measure(CASES[name], args)
        print(
            f"| {CASES[name].words} | {found.n_samples:,} | {found.engine:.3f} s "
            f"| {found.keras:.3f} s | {found.ratio:.1f} | {found.compiling:.1f} s |",
            flush=True,
        )
    print(f"\nLoad of the machine {os.getloadavg()[0]:.1f}.")


if __name__ == "__main__":
    main()
