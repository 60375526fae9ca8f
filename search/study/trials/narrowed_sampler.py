"""The sampler of a study whose space was narrowed while it ran."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import TPESampler
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator
from optuna.trial import FrozenTrial

from search.space.lines import Line

# More candidates than the sampler asks for, so that some lie inside by themselves.
OVERSAMPLING = 8


class NarrowedSampler(TPESampler):
    """TPE that suggests values inside the narrowed lines only.

    It learns from all trials, those of before the narrowing too: both densities are
    those of the whole space, and only the candidates among which the best is chosen
    are drawn inside. Distributions stay those of the whole space, because Optuna
    refuses other choices within a study and models a changed range on its own.

    Parameters
    ----------
    narrowed
        Lines inside those of the study.
    options
        Of `TPESampler`.
    """

    def __init__(self, narrowed: Mapping[str, Line], **options: Any) -> None:
        super().__init__(**options)
        self._narrowed = dict(narrowed)
        self._parzen_estimator_cls = partial(  # type: ignore[assignment]
            _NarrowedEstimator, narrowed=self._narrowed, draw=self._draw
        )

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return a value for one parameter, such as for each of the first trials."""
        value = super().sample_independent(study, trial, param_name, param_distribution)
        line = self._narrowed.get(param_name)
        if line is None or line.contains(value):
            return value
        return self._draw(line)

    def _draw(self, line: Line) -> Any:
        """Return a value of the line, each as likely as the others."""
        return self._random_sampler.sample_independent(
            None,  # type: ignore[arg-type]
            None,  # type: ignore[arg-type]
            line.name,
            _distribution(line),
        )


class _NarrowedEstimator(_ParzenEstimator):
    """The density of Optuna, whose samples lie inside the narrowed lines."""

    def __init__(
        self,
        *arguments: Any,
        narrowed: Mapping[str, Line],
        draw: Callable[[Line], Any],
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self._narrowed = narrowed
        self._draw = draw

    def sample(self, rng: np.random.RandomState, size: int) -> dict[str, np.ndarray]:
        """Return samples of the density; what lies outside is drawn anew inside.

        Samples that lie inside by themselves come first.
        """
        samples = super().sample(rng, OVERSAMPLING * size)
        outside = {
            name: self._outside(name, values)
            for name, values in samples.items()
            if name in self._narrowed
        }
        if not outside:
            return {name: values[:size] for name, values in samples.items()}
        n_outside = np.sum(list(outside.values()), axis=0)
        kept = np.argsort(n_outside, kind="stable")[:size]
        chosen = {name: values[kept].copy() for name, values in samples.items()}
        for name, is_outside in outside.items():
            for place in np.flatnonzero(is_outside[kept]):
                value = self._draw(self._narrowed[name])
                chosen[name][place] = self._search_space[name].to_internal_repr(value)
        return chosen

    def _outside(self, name: str, values: np.ndarray) -> np.ndarray:
        line, whole = self._narrowed[name], self._search_space[name]
        return np.array(
            [not line.contains(whole.to_external_repr(value)) for value in values]
        )


def _distribution(line: Line) -> BaseDistribution:
    if line.choices:
        return CategoricalDistribution(line.choices)
    low, high = line.values
    if line.kind == "int":
        return IntDistribution(int(low), int(high), log=line.log, step=line.step)
    return FloatDistribution(float(low), float(high), log=line.log)
