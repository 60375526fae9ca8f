"""A trial over all its folds."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from search.config import Task, Training
from search.errors import TrialFailed
from search.evaluation.panel import Panel
from search.evaluation.samples import SampleSplit
from search.evaluation.scaling import fit_scaler
from search.evaluation.splits import SplitPlan, plan_splits
from search.space.lines import TrialParams
from search.study.trials.curves import EpochPoint
from search.worker import training as training_module
from search.worker.engine import EpochProgram
from search.worker.folds import Run, panel_of, program_of, start_run
from search.worker.models import NetworkShape
from search.worker.records import EpochOutcome, Rates, State
from search.worker.training import TrialOutcome, check_finite, train_folds

PATIENT = Training(epochs=3, patience=0)


@pytest.fixture(scope="module")
def plan(task: Task) -> SplitPlan:
    return plan_splits(120, task, first_origin=13)


def train(
    panel: Panel,
    plan: SplitPlan,
    params: TrialParams,
    task: Task,
    *,
    training: Training = PATIENT,
    seed: int = 3,
) -> tuple[TrialOutcome, list[EpochPoint]]:
    """Train and return the curve too."""
    points: list[EpochPoint] = []
    outcome = train_folds(
        panel,
        plan,
        params,
        task=task,
        training=training,
        seed=seed,
        on_epoch=points.append,
    )
    return outcome, points


def test_train_folds_reports_every_epoch_of_every_fold(
    panel: Panel, plan: SplitPlan, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    outcome, points = train(panel, plan, make_params(), task)
    assert [point.epoch for point in points] == [1, 2, 3]
    for point in points:
        assert len(point.train) == len(point.valid) == 2
        assert point.score == pytest.approx(sum(map(float, point.valid)) / 2)  # type: ignore[arg-type]
        assert point.seconds > 0
    best = min(points, key=lambda point: float(point.score or math.nan))
    assert outcome.best_epoch == best.epoch
    assert outcome.score == best.score
    assert outcome.fold_scores == best.valid
    assert outcome.epochs_run == 3
    # Kernel 2 * 4, recurrent 4 * 4, bias 4; head (4 + 1) * 3.
    assert outcome.n_parameters == 28 + 15


def test_train_folds_repeats_with_the_seed(
    panel: Panel, plan: SplitPlan, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    scores = [
        [point.valid for point in train(panel, plan, make_params(), task, seed=seed)[1]]
        for seed in (3, 3, 4)
    ]
    assert scores[0] == scores[1]
    assert scores[0] != scores[2]


def test_train_folds_compiles_a_structure_once(
    panel: Panel, plan: SplitPlan, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    first, _ = train(panel, plan, make_params(units=3), task)
    changed = make_params(units=3, learning_rate=0.001, framing="last_value")
    second, _ = train(panel, plan, changed, task)
    assert first.seconds_compile > 0
    assert second.seconds_compile == 0
    assert second.seconds_train > 0


@pytest.mark.parametrize("score", ["rmse", "mae"])
def test_fold_scores_are_in_units_of_the_target(
    score: Any,
    panel: Panel,
    plan: SplitPlan,
    task: Task,
    make_params: Callable[..., TrialParams],
) -> None:
    """An untrained network is scored by hand: forecasts of the plain model."""
    task = replace(task, score=score)
    params = make_params(learning_rate=1e-6, framing="last_value")
    _, points = train(panel, plan, params, task, training=Training(epochs=1))
    for number, fold in enumerate(plan.folds):
        expected = _score_by_hand(panel, fold, params, task, number)
        # One epoch at the smallest learning rate moves almost nothing.
        assert points[0].valid[number] == pytest.approx(expected, rel=1e-3)


def _score_by_hand(
    panel: Panel, fold: Any, params: TrialParams, task: Task, number: int
) -> float:
    from search.worker.models import build_model, network_shape

    split = SampleSplit(
        training=np.arange(5, fold.train_stop),
        validation=np.arange(0),
        rows=np.arange(panel.n_rows) < fold.valid_start,
    )
    run = start_run(panel, params, task, split=split, seed=(3, number))
    model = build_model(network_shape(params, panel, task))
    model.set_weights(program_of(panel, params, task).weights(run.state))
    scaler = fit_scaler(panel, "standard", stop=fold.valid_start)
    errors = []
    for origin in range(fold.valid_start, fold.valid_stop):
        past = panel.values[origin - 5 : origin] - scaler.center
        past[:, 0] -= past[-1, 0]
        output = model((past / scaler.scale)[None].astype(np.float32)).numpy()[0, :, 0]
        forecast = panel.values[origin - 1, 0] + output * scaler.scale[0]
        errors.append(forecast - panel.values[origin : origin + 3, 0])
    squares = np.mean(np.square(errors))
    return float(np.sqrt(squares) if task.score == "rmse" else np.mean(np.abs(errors)))


@pytest.mark.case("T11", "future half of the series changed")
def test_train_folds_never_sees_the_holdout(
    panel: Panel, plan: SplitPlan, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    """The holdout is changed beyond recognition: no score moves by a bit."""
    values = panel.values.copy()
    values[plan.holdout_start :] = 1e6
    for framing in ("none", "last_value", "seasonal"):
        params = make_params(framing=framing)
        _, points = train(panel, plan, params, task)
        _, again = train(replace(panel, values=values), plan, params, task)
        assert [p.valid for p in points] == [p.valid for p in again]


def test_train_folds_leaves_the_calendar_out(
    rich_panel: Panel,
    plan: SplitPlan,
    task: Task,
    make_params: Callable[..., TrialParams],
) -> None:
    bare = panel_of(rich_panel, make_params(calendar="none"))
    assert bare.channels == ("level", "flow", "inlet", "plan")
    assert (bare.n_channels, bare.n_known, bare.n_calendar) == (4, 1, 0)
    assert panel_of(rich_panel, make_params(calendar="cycles")) is rich_panel
    given, _ = train(rich_panel, plan, make_params(calendar="none"), task)
    expected, _ = train(bare, plan, make_params(calendar="none"), task)
    assert given.fold_scores == expected.fold_scores


def test_train_folds_learns(
    panel: Panel, plan: SplitPlan, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    """A sine of amplitude 5 has a standard deviation of 3.5; a network does better."""
    training = Training(epochs=30, patience=0)
    outcome, points = train(panel, plan, make_params(), task, training=training)
    assert outcome.score < 0.5 * float(points[0].score or 0)
    assert outcome.score < 2


def test_train_folds_ends_when_on_epoch_raises(
    panel: Panel, plan: SplitPlan, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    def stop(point: EpochPoint) -> None:
        if point.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_folds(
            panel,
            plan,
            make_params(),
            task=task,
            training=PATIENT,
            seed=0,
            on_epoch=stop,
        )


def test_train_folds_refuses_folds_that_were_planned_for_shorter_sequences(
    panel: Panel, plan: SplitPlan, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    params = make_params(sequence_length=14)
    with pytest.raises(TrialFailed, match=r"starts at row 14, but .* row 13"):
        train(panel, plan, params, task)


@pytest.mark.case("T1", "loss not a number while training")
def test_train_folds_names_the_epoch_of_a_loss_that_is_not_a_number(
    panel: Panel, plan: SplitPlan, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    """Plain descent with steps of 1e20 leaves the numbers of float32 at once."""
    params = make_params(optimizer="sgd", learning_rate=1.0, clipnorm=1e3)
    params = replace(params, learning_rate=1e30)
    seen: list[EpochPoint] = []
    with pytest.raises(TrialFailed, match=r"(Loss|score) is .* at epoch 1 \(fold 1\)"):
        train_folds(
            panel,
            plan,
            params,
            task=task,
            training=PATIENT,
            seed=0,
            on_epoch=seen.append,
        )
    (point,) = seen  # the curve shows where it ended; fold 2 was not trained
    assert (point.epoch, point.score) == (1, None)
    assert (point.train[1], point.valid[1]) == (None, None)


@pytest.mark.case("T1", "loss or validation score not a number")
def test_a_training_that_diverges_leaves_the_epoch_in_its_curve(
    panel: Panel,
    plan: SplitPlan,
    task: Task,
    make_params: Callable[..., TrialParams],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fold 2 loses its numbers in epoch 2; what was learned before is reported too."""
    plain = EpochProgram.run
    calls = []

    def run(self: EpochProgram, *args: Any, **kwargs: Any) -> EpochOutcome:
        calls.append(1)
        outcome = plain(self, *args, **kwargs)
        return replace(outcome, loss=math.inf) if len(calls) == 4 else outcome

    monkeypatch.setattr(EpochProgram, "run", run)
    points: list[EpochPoint] = []
    with pytest.raises(TrialFailed, match=r"Loss is infinite at epoch 2 \(fold 2\)"):
        train_folds(
            panel,
            plan,
            make_params(),
            task=task,
            training=PATIENT,
            seed=3,
            on_epoch=points.append,
        )
    first, last = points
    assert first.score is not None
    assert last.score is None
    assert last.train[0] is not None
    assert math.isfinite(last.train[0])
    assert last.train[1] == math.inf


@pytest.mark.parametrize(
    ("value", "words"), [(math.nan, "not a number"), (math.inf, "infinite")]
)
def test_check_finite_says_what_where_and_what_to_do(value: float, words: str) -> None:
    message = f"Loss is {words} at epoch 7 .fold 2.*lower learning rate"
    with pytest.raises(TrialFailed, match=message):
        check_finite("Loss", value, "epoch 7 (fold 2)")


class ScriptedProgram(EpochProgram):
    """Gives validation errors by script, so that the curve is known."""

    n_parameters = 1

    def __init__(self, curve: list[float]) -> None:
        self._curve = [error for error in curve for _fold in range(2)]

    def compile(self, state: State, series: Any) -> float:
        return 0.0

    def run(self, state: State, series: Any, **_others: Any) -> EpochOutcome:
        error = self._curve.pop(0)
        return EpochOutcome(state, 0.5, np.array([error**2]), np.array([error]))


@pytest.mark.parametrize(
    ("patience", "epochs_run", "best_epoch"),
    [(0, 6, 6), (1, 3, 2), (2, 4, 2), (3, 6, 6)],
)
def test_early_stopping_waits_for_the_mean_curve(
    patience: int,
    epochs_run: int,
    best_epoch: int,
    panel: Panel,
    plan: SplitPlan,
    task: Task,
    make_params: Callable[..., TrialParams],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The curve is 5, 3, 4, 3, 2.9, 1; an equal score is no improvement."""
    curve = [5, 3, 4, 3, 2.9, 1]
    monkeypatch.setattr(
        training_module, "program_of", lambda *_: ScriptedProgram(list(curve))
    )
    monkeypatch.setattr(training_module, "_start_folds", _two_folds_of_scale(2.0))
    outcome, points = train(
        panel,
        plan,
        make_params(),
        task,
        training=Training(epochs=6, patience=patience),
    )
    assert outcome.epochs_run == len(points) == epochs_run
    assert outcome.best_epoch == best_epoch
    assert outcome.score == pytest.approx(2.0 * curve[best_epoch - 1])


def test_the_rate_falls_for_all_folds_when_the_mean_stands_still(
    panel: Panel,
    plan: SplitPlan,
    task: Task,
    make_params: Callable[..., TrialParams],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Epoch 2 is the best; five epochs later, at the eighth, the rate is halved."""
    rates: list[float] = []

    class Program(ScriptedProgram):
        def with_rate(self, state: State, learning_rate: float) -> State:
            rates.append(learning_rate)
            return state

    curve = [5.0, 3.0, *[4.0] * 10]
    monkeypatch.setattr(training_module, "program_of", lambda *_: Program(list(curve)))
    monkeypatch.setattr(training_module, "_start_folds", _two_folds_of_scale(2.0))
    training = Training(epochs=12, patience=9)
    for schedule, drops in (("plateau", (8,)), ("constant", ())):
        params = make_params(schedule=schedule, learning_rate=0.01)
        outcome, points = train(panel, plan, params, task, training=training)
        assert outcome.epochs_run == len(points) == 11
        assert outcome.rate_drops == drops
    assert rates == [0.005, 0.005]


SHAPE = NetworkShape("GRU", 4, 1, 5, 3, 1, 2, 0)


def _run(seed: tuple[int, int], origins: np.ndarray, scale: float = 1.0) -> Run:
    """Return a training whose network does not matter."""
    return Run(
        origins=origins,
        validation=np.arange(9, 12),
        units=np.full(1, scale),
        rates=Rates(clipnorm=1.0),
        series=None,  # type: ignore[arg-type]
        seed=seed,
        state=State(SHAPE, ()),
    )


def _two_folds_of_scale(scale: float) -> Callable[..., list[Run]]:
    def start(*_args: Any, **_others: Any) -> list[Run]:
        return [_run((0, number), np.arange(5, 9), scale) for number in range(2)]

    return start


def test_run_order_is_a_permutation_that_changes(
    panel: Panel, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    def order(seed: tuple[int, int], epoch: int) -> list[int]:
        run = _run(seed, np.arange(5, 50))
        return [int(one) for one in run.order(epoch)]

    first = order((1, 0), 1)
    assert sorted(first) == list(range(5, 50))
    assert first == order((1, 0), 1)
    for other in (order((1, 0), 2), order((1, 1), 1), order((2, 0), 1)):
        assert other != first


def test_rates_come_from_the_configuration(
    make_params: Callable[..., TrialParams],
) -> None:
    params = make_params(clipnorm=0.3, dropout=0.2, recurrent_dropout=0.1, loss="mae")
    assert Rates.of(params) == Rates(0.3, 0.2, 0.1, "mae")
    changed = replace(params, clipping="value", l2=0.01)
    assert Rates.of(changed) == Rates(0.3, 0.2, 0.1, "mae", "value", 0.01)
