"""Combinations that cannot be trained never reach a trial."""

from dataclasses import replace

import pytest

from search.errors import ConfigError
from search.study.combinations import check_together, refused
from search.study.space import Line


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


def test_a_configuration_meets_what_is_drawn_beside_it(settings):
    space = settings.space.with_line(Line("batch_size", choices=(1,)))
    with pytest.raises(ConfigError, match="`batch_size` of 1"):
        check_together({"normalization": "batch"}, space, settings.task)
    check_together({"normalization": "batch", "batch_size": 16}, space, settings.task)


def test_a_configuration_alone(settings):
    values = {"normalization": ("batch",), "batch_size": (1,)}
    assert "Take batches of at least 2" in (refused(values, settings.task) or "")
    assert refused({"normalization": ("batch",)}, settings.task) is None
