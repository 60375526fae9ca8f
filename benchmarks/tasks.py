"""One epoch over padded sequences: the engine against `keras.Model.fit` with masks.

Sequences of unequal length are told apart, both sides with the same network, weights,
padded windows and batches, in one process. What is compared is the fastest epoch::

    python -m benchmarks.tasks
    python -m benchmarks.tasks --cell LSTM --units 64
"""

import argparse
import os
import time

import numpy as np

from search.config import CELLS, Task
from search.evaluation.panel import Panel
from search.study.space import TrialParams

CLASSES = ("fast", "slow", "still")


def make_panel(n_groups: int, longest: int) -> Panel:
    """Return waves of three speeds, from a quarter of `longest` rows to all."""
    generator = np.random.default_rng(0)
    lengths = generator.integers(longest // 4, longest + 1, n_groups)
    places = np.arange(n_groups) % len(CLASSES)
    waves = [
        np.sin(np.arange(length) * (1.0, 0.3, 0.0)[place])
        + generator.normal(0, 0.1, length)
        for length, place in zip(lengths, places, strict=True)
    ]
    return Panel(
        values=np.concatenate(waves)[:, None],
        channels=("wave",),
        n_targets=0,
        n_known=0,
        n_calendar=0,
        first_rows=tuple(np.cumsum([0, *lengths[:-1]]).tolist()),
        group_names=tuple(map(str, range(n_groups))),
        labels=np.repeat(places, lengths).astype(np.float64)[:, None],
    )


def compare(args: argparse.Namespace) -> None:
    """Print the seconds of both sides and their ratio."""
    from search.worker.environment import prepare_environment

    prepare_environment(threads=1)
    import keras

    from search.evaluation.windows import gather_windows
    from search.worker.engine import epoch_program
    from search.worker.folds import Scalers
    from search.worker.gathering import series_tensors
    from search.worker.models import build_model, network_shape
    from search.worker.records import Rates

    panel = make_panel(args.groups, args.length)
    task = Task(1, 1, kind="classification", classes=CLASSES, score="log_loss")
    params = TrialParams(
        cell=args.cell,
        units=args.units,
        layers=args.layers,
        dropout=0.0,
        sequence_length=args.length,
        learning_rate=1e-3,
        clipnorm=1.0,
        batch_size=args.batch,
        loss="cross_entropy",
    )
    shape = network_shape(params, panel, task)
    every = np.ones(panel.n_rows, dtype=bool)
    framed = Scalers.fit(panel, params.scaler, task, rows=every).frame(
        panel, params, task
    )
    stops = np.asarray(panel.first_rows) + panel.group_sizes
    model = build_model(shape)

    program = epoch_program(shape, params.batch_size, params.optimizer, panel.n_rows)
    series = series_tensors(framed)
    state = program.start_from(shape, model.get_weights(), learning_rate=1e-3)
    compiling = program.compile(state, series)
    ours = []
    for _ in range(args.epochs):
        started = time.perf_counter()
        outcome = program.run(
            state, series, order=stops, validation=stops[:0], rates=Rates.of(params)
        )
        state = outcome.state
        ours.append(time.perf_counter() - started)

    windows = gather_windows(framed, stops, sequence_length=args.length, n_known=0)
    targets = framed.targets[stops - 1][:, None]
    model.compile(
        keras.optimizers.Adam(1e-3, clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    theirs = []
    for _ in range(args.epochs):
        started = time.perf_counter()
        model.fit(
            windows.past, targets, batch_size=args.batch, shuffle=False, verbose=0
        )
        theirs.append(time.perf_counter() - started)
    print(
        f"{args.cell}, {args.units} units, {args.layers} layer, {args.groups} "
        f"sequences of {args.length // 4} to {args.length} rows, batch {args.batch}"
    )
    print(f"engine             {min(ours):8.3f} s an epoch")
    print(f"engine, compiling  {compiling:8.3f} s once")
    print(f"model.fit          {min(theirs):8.3f} s an epoch")
    print(f"ratio              {min(theirs) / min(ours):8.1f}")
    print(f"load of the machine {os.getloadavg()[0]:7.1f}")


def main() -> None:
    """Read the options and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
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
    compare(parser.parse_args())


if __name__ == "__main__":
    main()
