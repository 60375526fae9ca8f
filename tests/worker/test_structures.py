"""Every pair of structures: trained, saved and loaded again, with the same numbers."""

from collections.abc import Callable
from itertools import combinations, product
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from search.config import CELLS, Task
from search.evaluation.panel import Panel
from search.evaluation.samples import SampleSplit
from search.evaluation.scaling import fit_task_scaler
from search.evaluation.windows import gather_targets
from search.space.lines import LIMITS, TrialParams
from search.space.schedule import rate_at
from search.worker.export import export_model
from search.worker.folds import panel_of, program_of, start_run
from search.worker.models import build_model, network_shape
from search.worker.predictor import Predictor
from search.worker.records import Rates

VALUES: dict[str, tuple[Any, ...]] = {
    "architecture": LIMITS["architecture"].choices,
    "cell": CELLS,
    "normalization": LIMITS["normalization"].choices,
    "dense_units": (0, 3),
    "recurrent_dropout": (0.0, 0.3),
    "layers": (1, 2),
    "sequence_length": (5, 2),
    "dropout": (0.2, 0.0),
    "loss": ("mse", "mae", "huber", "msle"),  # classes have one loss only
    "optimizer": LIMITS["optimizer"].choices,
    "schedule": LIMITS["schedule"].choices,
    "l2": (0.0, 0.01),
    "clipping": LIMITS["clipping"].choices,
}
VALIDATION = range(70, 83)


def every_pair(values: dict[str, tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Return few configurations in which each value meets each value of other lines.

    Greedy as in Cohen et al. (1997), The AETG system: each configuration begins with a
    pair that is missing, and takes for one line after the other the value that brings
    most missing pairs.
    """
    missing = [
        frozenset([(line, value), (other, another)])
        for line, other in combinations(values, 2)
        for value, another in product(values[line], values[other])
    ]
    chosen = []
    while missing:
        one = dict(missing[0])
        left = set(missing)
        for line in values:
            if line not in one:
                one[line] = max(
                    values[line],
                    key=lambda value: sum(
                        frozenset([(line, value), met]) in left for met in one.items()
                    ),
                )
        chosen.append({line: one[line] for line in values})
        pairs = set(map(frozenset, combinations(one.items(), 2)))
        missing = [pair for pair in missing if pair not in pairs]
    return chosen


def cases() -> list[Any]:
    """Return the configurations; the first one belongs to the quick tests."""
    return [
        pytest.param(
            one,
            id="-".join(map(str, one.values())),
            marks=[] if number == 0 else [pytest.mark.slow],
        )
        for number, one in enumerate(every_pair(VALUES))
    ]


@pytest.mark.parametrize("changes", cases())
def test_what_was_trained_is_what_is_delivered(
    changes: dict[str, Any],
    rich_panel: Panel,
    task: Task,
    make_params: Callable[..., TrialParams],
    tmp_path: Path,
) -> None:
    """The errors of the engine are those of the model, in memory and from its file.

    Where there is a schedule, the rate falls before the second epoch.
    """
    params = make_params(**changes)
    panel = panel_of(rich_panel, params)
    rows = np.arange(panel.n_rows) < VALIDATION.start
    split = SampleSplit(
        training=np.arange(params.first_origin(task.season), 67),
        validation=np.array(VALIDATION),
        rows=rows,
    )
    run = start_run(panel, params, task, split=split, seed=(1, 0))
    program = program_of(panel, params, task)
    before = program.weights(run.state)
    drops = (2,) if params.schedule == "plateau" else ()
    for epoch in (1, 2):
        rate = rate_at(params.learning_rate, drops, epoch)
        outcome = program.run(
            program.with_rate(run.state, rate),
            run.series,
            order=run.order(epoch),
            validation=run.validation,
            rates=Rates.of(params),
        )
        run.state = outcome.state
    assert np.isfinite(outcome.loss)
    weights = program.weights(outcome.state)
    assert any((one != other).any() for one, other in zip(weights, before, strict=True))
    model = build_model(
        network_shape(params, panel, task),
        dropout=params.dropout,
        recurrent_dropout=params.recurrent_dropout,
    )
    model.set_weights(weights)
    exported = export_model(model, tmp_path)
    loaded = keras.models.load_model(exported.keras_path, compile=False)
    actual = gather_targets(panel.targets, run.validation, horizon=task.horizon)
    scaler = fit_task_scaler(panel, params.scaler, task, rows=rows)
    for one in (model, loaded):
        predictor = Predictor(one, panel, params, task)
        errors = predictor.predict(panel, scaler, run.validation) - actual
        scaled = errors / scaler.scale[: panel.n_targets]
        np.testing.assert_allclose(
            outcome.squared, np.mean(scaled**2, (0, 1)), rtol=1e-4
        )


def test_every_pair_is_there() -> None:
    chosen = every_pair({"a": (1, 2), "b": (1, 2), "c": (1, 2, 3)})
    assert len(chosen) < 12
    for first, second in (("a", "b"), ("a", "c"), ("b", "c")):
        met = {(one[first], one[second]) for one in chosen}
        assert len(met) == (4 if second == "b" else 6)
