"""The tables of `pruners.py`."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from benchmarks.pruning.curves import best_score
from benchmarks.pruning.measures import (
    N_EARLY,
    N_EQUAL_TRIALS,
    N_LATE,
    REFERENCE_SETTING,
    Measures,
    Pool,
    Setting,
)
from benchmarks.support.recording import table

Key = tuple[str, int]
SecondsOf = Callable[[Measures], float | None]


def pools_table(pools: Mapping[str, Pool], *, longest: int) -> str:
    """Say what was recorded."""
    rows = []
    for name, pool in pools.items():
        compiling = np.mean([trial.seconds_compile for trial in pool])
        epoch = np.mean([np.mean(trial.seconds_epochs) for trial in pool])
        places = [int(np.argmin(trial.scores[:longest])) + 1 for trial in pool]
        rows.append(
            [
                name,
                len(pool),
                max(len(trial.scores) for trial in pool),
                sum(trial.is_failed for trial in pool),
                f"{compiling:.2f}",
                f"{epoch:.3f}",
                f"{compiling / epoch:.0f}",
                f"{np.median(places):.0f}",
                f"{best_score(pool, epochs=longest):.5g}",
            ]
        )
    columns = ["series", "configurations", "epochs recorded", "failed"]
    columns += ["compiling, s", "an epoch, s", "compiling in epochs"]
    columns += [f"median best epoch of {longest}", "best score"]
    return table(columns, rows)


def rules_table(found: Sequence[Measures], settings: Sequence[Setting]) -> str:
    """Return one line for each rule, against the reference."""
    reference = _reference(found)
    rows = [
        [setting.rule, *_cells(_of(found, setting), reference)] for setting in settings
    ]
    columns = ["rule", "time to 1 % (10-90 %)", "not reached"]
    columns += ["time to 0.1 % (10-90 %)", "not reached"]
    columns += [f"excess in the time of {N_EARLY} trials, %", f"of {N_LATE}, %"]
    columns += [f"lost in {N_EQUAL_TRIALS} trials, %", "seconds of all trials"]
    return table(columns, rows)


def grid_table(
    found: Sequence[Measures],
    *,
    rules: Sequence[str],
    epochs: Sequence[int],
    patience: Sequence[int],
) -> str:
    """Return time to 1 % and excess for each rule, number of epochs and patience."""
    reference = _reference(found)
    rows = []
    for rule in rules:
        for most in epochs:
            cells = []
            for waited in patience:
                own = _of(found, Setting(rule, most, waited))
                time = _mean_ratio(own, reference, _to_percent)
                late = 100 * _mean(own, lambda one: one.late)
                lost = 100 * _mean(own, lambda one: one.loss)
                cells.append(f"{time:.2f}, {late:.1f}, {lost:.1f}")
            rows.append([rule, most, *cells])
    columns = ["rule", "epochs"]
    columns += [f"patience {waited or 'none'}" for waited in patience]
    return table(columns, rows)


def explanation(*, seeds: int, longest: int) -> str:
    """Say what the columns are."""
    one = REFERENCE_SETTING
    return (
        "Times are ratios to those of the reference "
        f"({one.rule}, {one.epochs} epochs, patience {one.patience}), geometric means "
        f"over the series and {seeds} orders each, with the spread over them; each "
        "order leaves a third of the random configurations out. *Time to 1 %*: seconds "
        "to a complete trial within 1 % of the best score that the configurations of "
        f"the order have within {longest} epochs; where it is not reached, the seconds "
        "of training all of them to the end count. *Excess*: how much worse than that "
        "best score the search is in the time that the reference needs for its first "
        f"{N_EARLY} and {N_LATE} trials. *Lost*: how much worse the best of the first "
        f"{N_EQUAL_TRIALS} trials is than what they have within {longest} epochs. Both "
        "are means over series and orders."
    )


def _reference(found: Sequence[Measures]) -> dict[Key, Measures]:
    own = _of(found, REFERENCE_SETTING)
    return {(one.series, one.seed): one for one in own}


def _of(found: Sequence[Measures], setting: Setting) -> list[Measures]:
    return [one for one in found if one.setting == setting]


def _cells(own: Sequence[Measures], reference: Mapping[Key, Measures]) -> list[str]:
    cells = []
    for seconds_of in (_to_percent, _to_tenth):
        low, high = np.quantile(_ratios(own, reference, seconds_of), [0.1, 0.9])
        mean = _mean_ratio(own, reference, seconds_of)
        n_missing = sum(seconds_of(one) is None for one in own)
        cells += [f"{mean:.2f} ({low:.2f}-{high:.2f})", f"{n_missing / len(own):.0%}"]
    shares = [
        _mean(own, lambda one: one.early),
        _mean(own, lambda one: one.late),
        _mean(own, lambda one: one.loss),
    ]
    saved = _mean_ratio(own, reference, lambda one: one.seconds)
    return [*cells, *(f"{100 * share:.2f}" for share in shares), f"{saved:.2f}"]


def _ratios(
    own: Sequence[Measures], reference: Mapping[Key, Measures], seconds_of: SecondsOf
) -> np.ndarray:
    def spent(one: Measures) -> float:
        seconds = seconds_of(one)
        return one.seconds_full if seconds is None else seconds

    return np.array(
        [spent(one) / spent(reference[one.series, one.seed]) for one in own]
    )


def _mean_ratio(
    own: Sequence[Measures], reference: Mapping[Key, Measures], seconds_of: SecondsOf
) -> float:
    """Return the geometric mean over series and orders."""
    return float(np.exp(np.log(_ratios(own, reference, seconds_of)).mean()))


def _mean(own: Sequence[Measures], value_of: Callable[[Measures], float]) -> float:
    return float(np.mean([value_of(one) for one in own]))


def _to_percent(one: Measures) -> float | None:
    return one.to_percent


def _to_tenth(one: Measures) -> float | None:
    return one.to_tenth
