"""Combinations that cannot be trained never reach a trial."""

from dataclasses import replace

import pytest

from search.config import Task
from search.errors import ConfigError
from search.space.combinations import check_together, refused
from search.space.lines import LIMITS, Line


def test_a_decoder_needs_two_steps(settings):
    """The settings of these tests forecast two steps."""
    both = Line("architecture", choices=("stacked", "encoder_decoder"))
    space = settings.space.with_line(both)
    assert replace(settings, space=space).space == space
    one_step = replace(settings.task, horizon=1)
    with pytest.raises(
        ConfigError, match=r"`architecture` = encoder_decoder .* `horizon` of at least"
    ):
        replace(settings, space=space, task=one_step)


@pytest.mark.parametrize(
    "batch", [Line("batch_size", choices=(1, 32)), Line("batch_size", low=1, high=32)]
)
def test_batch_normalization_needs_batches(settings, batch):
    """One searched combination is enough: no trial may be spent on it."""
    normalized = Line("normalization", choices=("none", "batch"))
    space = settings.space.with_line(batch)
    replace(settings, space=space)
    with pytest.raises(
        ConfigError, match=r"`normalization` = batch .* `batch_size` of 1"
    ):
        replace(settings, space=space.with_line(normalized))


def test_larger_batches_may_be_normalized(settings):
    space = settings.space.with_line(Line("normalization", choices=("none", "batch")))
    space = space.with_line(Line("batch_size", low=2, high=32))
    assert replace(settings, space=space).space == space


def test_attention_needs_steps_to_weigh(settings):
    def reason(length):
        values = {"architecture": ("attention",), "sequence_length": (length,)}
        return refused(values, settings.task) or ""

    assert "`sequence_length` of 1" in reason(1)
    assert not reason(2)


def test_a_configuration_meets_what_is_drawn_beside_it(settings):
    space = settings.space.with_line(Line("batch_size", choices=(1,)))
    with pytest.raises(ConfigError, match="`batch_size` of 1"):
        check_together({"normalization": "batch"}, space, settings.task)
    check_together({"normalization": "batch", "batch_size": 16}, space, settings.task)


def test_a_configuration_alone(settings):
    values = {"normalization": ("batch",), "batch_size": (1,)}
    assert "Take batches of at least 2" in (refused(values, settings.task) or "")
    assert refused({"normalization": ("batch",)}, settings.task) is None


@pytest.mark.parametrize(
    ("detector", "is_refused"), [("forecaster", True), ("autoencoder", False)]
)
def test_a_decoder_gives_the_rows_of_a_window_again(detector, is_refused):
    """An autoencoder has as many steps as its window; one row ahead is none."""
    task = Task(1, 10, kind="anomaly", normal_rows=50, detector=detector)
    reason = refused({"architecture": ("stacked", "encoder_decoder")}, task)
    assert (reason is not None) is is_refused


@pytest.mark.parametrize("architecture", LIMITS["architecture"].choices)
@pytest.mark.parametrize("normalization", LIMITS["normalization"].choices)
def test_whole_sequences_may_have_any_network_but_a_decoder(
    architecture, normalization
):
    whole = Task(1, 3, kind="regression")
    values = {"architecture": (architecture,), "normalization": (normalization,)}
    reason = refused(values, whole)
    assert (reason is not None) is (architecture == "encoder_decoder")


def test_only_forecasts_are_framed():
    whole = Task(1, 3, kind="regression")
    assert "`framing`" in (refused({"framing": ("none", "last_value")}, whole) or "")
    assert refused({"framing": ("none",)}, whole) is None


def test_classes_and_numbers_have_losses_of_their_own(settings):
    classes = Task(
        horizon=1,
        holdout=10,
        kind="labelling",
        classes=("off", "on"),
        score="log_loss",
    )
    for loss in ("mse", "mae", "huber", "msle"):
        assert refused({"loss": (loss,)}, settings.task) is None
        assert "cross_entropy only" in (refused({"loss": (loss,)}, classes) or "")
    numbers = refused({"loss": ("mse", "cross_entropy")}, settings.task)
    assert "`loss` = cross_entropy compares classes" in (numbers or "")
    assert refused({"loss": ("cross_entropy",)}, classes) is None
