"""Every task trains: from rows of groups to a score better than a guess."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from search.config import Task, Training
from search.evaluation.group_splits import plan_samples
from search.evaluation.panel import Panel
from search.evaluation.samples import SamplePlan
from search.space.lines import TrialParams
from search.study.trials.curves import EpochPoint
from search.worker.folds import panel_of
from search.worker.models import build_model, network_shape
from search.worker.refit import refit_winner
from search.worker.training import TrialOutcome, train_folds

LENGTH = 12
CLASSES = ("fast", "slow", "still")


def sequences(n_groups: int = 60) -> Panel:
    """Waves of three speeds, 5 to 12 rows long; the label is the speed."""
    generator = np.random.default_rng(5)
    lengths = generator.integers(5, LENGTH + 1, n_groups)
    parts, labels = [], []
    for number, length in enumerate(lengths):
        place = number % 3
        phase = generator.uniform(0, 6)
        wave = np.sin(np.arange(length) * (2.0, 0.5, 0.0)[place] + phase)
        parts.append(wave + generator.normal(0, 0.1, length))
        labels.append(np.full(length, float(place)))
    return Panel(
        values=np.concatenate(parts)[:, None],
        channels=("wave",),
        n_targets=0,
        n_known=0,
        n_calendar=0,
        first_rows=tuple(np.cumsum([0, *lengths[:-1]]).tolist()),
        group_names=tuple(f"g{number:02}" for number in range(n_groups)),
        labels=np.concatenate(labels)[:, None],
    )


def with_labels(panel: Panel, label: Callable[[np.ndarray], np.ndarray]) -> Panel:
    """Return `panel` with what `label` makes of the values of each group."""
    parts = [
        label(panel.values[first : first + size, 0])
        for first, size in zip(panel.first_rows, panel.group_sizes, strict=True)
    ]
    return Panel(
        **(
            {name: getattr(panel, name) for name in ("values", "channels")}
            | {"n_targets": 0, "n_known": 0, "n_calendar": 0}
            | {"first_rows": panel.first_rows, "group_names": panel.group_names}
        ),
        labels=np.concatenate(parts)[:, None],
    )


def many_series(*, n_targets: int = 1) -> Panel:
    """Four series of 60 rows, one a thousand times as large as another."""
    generator = np.random.default_rng(6)
    rows = np.arange(60)
    parts = [
        level + scale * (np.sin(rows / 2 + level) + generator.normal(0, 0.05, 60))
        for level, scale in ((1.0, 0.1), (10.0, 1.0), (500.0, 100.0), (0.0, 3.0))
    ]
    return Panel(
        values=np.concatenate(parts)[:, None],
        channels=("level",),
        n_targets=n_targets,
        n_known=0,
        n_calendar=0,
        first_rows=(0, 60, 120, 180),
        group_names=("a", "b", "c", "d"),
    )


def train(
    panel: Panel, task: Task, params: TrialParams, *, epochs: int = 12
) -> tuple[TrialOutcome, list[EpochPoint], SamplePlan]:
    plan = plan_samples(panel, task, first_origin=params.sequence_length)
    points: list[EpochPoint] = []
    outcome = train_folds(
        panel,
        plan,
        params,
        task=task,
        training=Training(epochs=epochs, patience=0),
        seed=3,
        on_epoch=points.append,
    )
    return outcome, points, plan


@pytest.fixture
def params(make_params: Callable[..., TrialParams]) -> Callable[..., TrialParams]:
    def make(**changes: Any) -> TrialParams:
        values = {
            "cell": "GRU",
            "units": 12,
            "sequence_length": LENGTH,
            "learning_rate": 0.03,
            "batch_size": 8,
        }
        return make_params(**(values | changes))

    return make


def classification(**changes: Any) -> Task:
    values: dict[str, Any] = {
        "horizon": 1,
        "holdout": 12,
        "folds": 2,
        "kind": "classification",
        "classes": CLASSES,
        "score": "log_loss",
    }
    return Task(**(values | changes))


def test_sequences_of_unequal_length_are_told_apart(
    params: Callable[..., TrialParams],
) -> None:
    """A guess has a log loss of 1.1; the refit tells most of the holdout apart."""
    panel, task = sequences(), classification(class_weights="balanced")
    given = params(loss="cross_entropy")
    outcome, points, plan = train(panel, task, given)
    assert outcome.score < 0.6 * np.log(3)
    assert points[-1].valid[0] != points[-1].valid[1]
    refit = refit_winner(panel, plan, given, epochs=12, task=task, seeds=[1])
    np.testing.assert_allclose(refit.predictions.sum(axis=-1), 1.0)
    called = refit.predictions[:, 0].argmax(axis=1)
    actual = panel.targets[plan.final.validation - 1, 0]
    assert len(called) == 12
    assert (called == actual).mean() > 0.6


@pytest.mark.slow
@pytest.mark.parametrize("score", ["error_rate", "f1_error"])
def test_shares_of_errors_are_scores(
    score: Any, params: Callable[..., TrialParams]
) -> None:
    """A guess is wrong in two of three cases."""
    outcome, points, _ = train(
        sequences(), classification(score=score), params(loss="cross_entropy")
    )
    assert outcome.score < 0.4
    assert all(0 <= point.score <= 1 for point in points)


@pytest.mark.slow
def test_values_of_sequences_are_scored_in_original_units(
    params: Callable[..., TrialParams],
) -> None:
    """The value is the mean of a sequence, times 1,000; a guess is off by its spread.

    An untrained network is scored by hand.
    """
    panel = with_labels(
        sequences(), lambda values: np.full(len(values), 1000 * values.mean())
    )
    task = Task(1, 12, folds=2, kind="regression")
    outcome, _, plan = train(panel, task, params())
    values = panel.targets[plan.samples.stops - 1, 0]
    assert outcome.score < 0.5 * values.std()
    refit = refit_winner(panel, plan, params(), epochs=12, task=task, seeds=[1])
    actual = panel.targets[plan.final.validation - 1]
    error = refit.predictions[:, 0] - actual
    assert np.sqrt((error**2).mean()) < 0.6 * values.std()


@pytest.mark.slow
def test_rows_are_labelled(params: Callable[..., TrialParams]) -> None:
    """A row is up where its value is above that of the row before."""
    panel = with_labels(
        sequences(),
        lambda values: (np.diff(values, prepend=values[0]) > 0).astype(float),
    )
    task = Task(
        1, 12, folds=2, kind="labelling", classes=("down", "up"), score="error_rate"
    )
    outcome, _, plan = train(panel, task, params(loss="cross_entropy"))
    share = panel.targets[plan.folds[0].validation - 1].mean()
    assert outcome.score < 0.6 * min(share, 1 - share)


@pytest.mark.slow
def test_many_series_are_scaled_each_by_itself(
    params: Callable[..., TrialParams],
) -> None:
    """The score is in original units, so the largest series decides it.

    With one scaler for all the small series would be flat lines.
    """
    panel = many_series()
    task = Task(2, 8, folds=2)
    given = params(sequence_length=6, framing="last_value")
    outcome, _, plan = train(panel, task, given)
    large = panel.values[120:180]
    naive = np.sqrt(np.mean((large[1:] - large[:-1]) ** 2) / 4)
    assert outcome.score < 0.7 * naive
    refit = refit_winner(panel, plan, given, epochs=12, task=task, seeds=[1])
    rows = plan.samples.target_rows(plan.final.validation)
    error = refit.predictions[..., 0] - panel.values[rows, 0]
    for group, scale in enumerate((0.1, 1.0, 100.0, 3.0)):
        part = error[panel.groups[plan.final.validation - 1] == group]
        assert np.abs(part).mean() < 0.4 * scale


@pytest.mark.slow
def test_windows_are_repeated(params: Callable[..., TrialParams]) -> None:
    """An autoencoder gives its window back; the mean is off by the spread."""
    panel = many_series()
    task = Task(1, 12, folds=2, kind="anomaly", detector="autoencoder", normal_rows=50)
    given = params(sequence_length=6)
    shape = network_shape(given, panel, task)
    assert (shape.horizon, shape.target_offset) == (6, -6)
    outcome, _, _ = train(panel, task, given, epochs=20)
    spread = np.sqrt(
        np.mean([panel.values[first : first + 60].var() for first in panel.first_rows])
    )
    assert outcome.score < 0.6 * spread


@pytest.mark.slow
def test_scores_of_an_untrained_network_are_those_of_its_model(
    params: Callable[..., TrialParams],
) -> None:
    """One epoch at the smallest rate moves nothing; the model is run by hand."""
    panel, task = many_series(), Task(2, 8, folds=2, score="mae")
    given = params(sequence_length=6, learning_rate=1e-6)
    _, points, plan = train(panel, task, given, epochs=1)
    fold = plan.folds[0]
    from search.worker.folds import fold_splits, program_of, start_run

    split = fold_splits(plan, 6)[0]
    run = start_run(panel, given, task, split=split, seed=(3, 0))
    model = build_model(network_shape(given, panel_of(panel, given), task))
    model.set_weights(program_of(panel, given, task).weights(run.state))
    errors = []
    for stop in fold.validation:
        group = panel.groups[stop - 1]
        seen = panel.values[(panel.groups == group) & fold.rows]
        past = (panel.values[stop - 6 : stop] - seen.mean()) / seen.std()
        output = model(past[None].astype(np.float32)).numpy()[0, :, 0]
        forecast = output * seen.std() + seen.mean()
        errors.append(np.abs(forecast - panel.values[stop : stop + 2, 0]))
    assert points[0].valid[0] == pytest.approx(np.mean(errors), rel=1e-3)
