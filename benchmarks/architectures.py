"""One epoch of each architecture: the compiled engine against `keras.Model.fit`.

The work and the way of measuring are those of `benchmarks.epoch`; here the horizon is
six steps, so that there is something to decode. The ratio is wanted to be 5 at least::

    python -m benchmarks.architectures
    python -m benchmarks.architectures --cells GRU --epochs 12
"""

import os

from benchmarks.epoch import make_parser, measure
from search.config import CELLS

HORIZON = 6
WANTED = 5.0

VARIANTS: dict[str, dict[str, str | int]] = {
    "stacked": {},
    "bidirectional": {"architecture": "bidirectional"},
    "attention": {"architecture": "attention"},
    "convolutional": {"architecture": "convolutional"},
    "encoder_decoder": {"architecture": "encoder_decoder"},
    "layer normalization": {"normalization": "layer"},
    "batch normalization": {"normalization": "batch"},
    "hidden dense layer": {"dense_units": 32},
}


def main() -> None:
    """Measure every variant with every cell and print one table."""
    parser = make_parser(__doc__.splitlines()[0])
    parser.set_defaults(horizon=HORIZON)
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=CELLS)
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=[*VARIANTS])
    args = parser.parse_args()
    print(
        f"{args.units} units x {args.length} steps, {args.layers} layer, {HORIZON} "
        f"steps ahead, {args.points} points, batch {args.batch}, 5 folds, "
        f"{os.cpu_count()} cores\n"
    )
    columns = ("variant", "cell", "engine, 1 thread", "`fit`", "ratio", "compiling")
    print(f"| {' | '.join(columns)} |")
    print("|---" * len(columns) + "|")
    slow = []
    usual = vars(args).copy()
    for name in args.variants:
        for cell in args.cells:
            vars(args).update({**usual, **VARIANTS[name], "cell": cell})
            engine, keras_fit = measure(args)
            ratio = keras_fit["epoch"] / engine["epoch"]
            if ratio < WANTED:
                slow.append(f"{name} ({cell})")
            print(
                f"| {name} | {cell} | {engine['epoch']:.3f} s "
                f"| {keras_fit['epoch']:.2f} s | {ratio:.1f} "
                f"| {engine['compile']:.1f} s |",
                flush=True,
            )
    print(f"\nBelow {WANTED:g}: {', '.join(slow) or 'none'}.")
    print(f"Load of the machine {os.getloadavg()[0]:.1f}.")


if __name__ == "__main__":
    main()
