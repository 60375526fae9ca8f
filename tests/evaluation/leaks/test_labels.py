"""Inputs that tell the answer: planted ones are named, natural ones are not."""

from dataclasses import replace

import numpy as np
import pytest

from search.config import Task
from search.evaluation.leaks import labels
from search.evaluation.leaks.labels import audit_labels
from search.evaluation.panel import Panel
from tests.evaluation.conftest import CLASSES, panel_of

SEQUENCES = Task(1, 4, folds=2, kind="classification", **CLASSES)
ROWS = Task(1, 100, kind="labelling", **CLASSES)
WHOLE = Task(1, 4, kind="regression")
SLIDING = Task(1, 4, kind="regression", samples="sliding")
N_GROUPS, SIZE = 20, 30


def of_groups(labels: np.ndarray) -> Panel:
    """Return 20 groups of 30 rows with two random columns."""
    random = np.random.default_rng(0)
    panel = panel_of(*[SIZE] * N_GROUPS, labels=labels.astype(float)[:, None])
    values = random.normal(size=(N_GROUPS * SIZE, 2))
    return replace(panel, values=values, channels=("a", "b"))


@pytest.fixture
def sequences() -> Panel:
    places = np.random.default_rng(1).permutation(np.arange(N_GROUPS) % 2)
    return of_groups(np.repeat(places, SIZE))


@pytest.fixture
def rows() -> Panel:
    """Return one labelled series whose class changes every 25 rows."""
    panel = of_groups(np.arange(N_GROUPS * SIZE) // 25 % 2)
    return replace(panel, first_rows=(0,), group_names=())


@pytest.fixture
def numbers() -> Panel:
    return of_groups(np.repeat(np.random.default_rng(2).normal(size=N_GROUPS), SIZE))


@pytest.fixture
def lives() -> Panel:
    """Return groups whose number falls by one from row to row, from another start."""
    starts = np.random.default_rng(3).integers(60, 200, N_GROUPS)
    return of_groups(np.repeat(starts, SIZE) - np.tile(np.arange(SIZE), N_GROUPS))


def kinds(panel: Panel, task: Task, column: np.ndarray) -> list[tuple[str, str | None]]:
    both = np.column_stack([panel.values[:, 0], column])
    found = audit_labels(replace(panel, values=both), task)
    assert found is not None
    return [(one.kind, one.column) for one in found]


def answer(panel: Panel) -> np.ndarray:
    return panel.targets[:, 0]


def noise(panel: Panel, size: float) -> np.ndarray:
    return np.random.default_rng(9).normal(scale=size, size=panel.n_rows)


def test_random_columns_tell_nothing(
    sequences: Panel, rows: Panel, numbers: Panel, lives: Panel
) -> None:
    for panel, task in (
        (sequences, SEQUENCES), (rows, ROWS), (numbers, WHOLE), (lives, SLIDING),
    ):  # fmt: skip
        assert audit_labels(panel, task) == ()


def test_nothing_is_claimed_where_there_is_nothing_to_tell(rows: Panel) -> None:
    assert audit_labels(replace(rows, labels=np.zeros((600, 1))), ROWS) is None
    anomaly = Task(1, 4, kind="anomaly")
    assert audit_labels(replace(rows, labels=None), anomaly) is None


def test_the_label_among_the_features_is_named(sequences: Panel, rows: Panel) -> None:
    for panel, task in ((sequences, SEQUENCES), (rows, ROWS)):
        assert kinds(panel, task, answer(panel)) == [("label_feature", "b")]
        recoded = 7 - 3 * answer(panel)
        assert kinds(panel, task, recoded) == [("label_feature", "b")]


def test_a_coded_label_with_a_little_noise_is_named(
    sequences: Panel, rows: Panel
) -> None:
    for panel, task in ((sequences, SEQUENCES), (rows, ROWS)):
        coded = 5 * answer(panel) + noise(panel, 0.02)
        assert kinds(panel, task, coded) == [("label_feature", "b")]
        measured = 5 * answer(panel) + noise(panel, 0.5)
        assert kinds(panel, task, measured) == []


def test_a_code_that_is_wrong_in_a_few_rows_is_named(rows: Panel) -> None:
    coded = answer(rows) + 2 * (np.arange(rows.n_rows) % 3)
    coded[[100, 300, 500]] = 1 - coded[[100, 300, 500]] % 2
    assert kinds(rows, ROWS, coded) == [("near_copy", "b")]


def test_a_number_of_the_run_tells_nothing(rows: Panel) -> None:
    """Each value goes with one class, and none with the class of a later run."""
    assert kinds(rows, ROWS, np.arange(rows.n_rows) // 25) == []


def test_a_column_that_tells_the_label_of_each_group_is_named(sequences: Panel) -> None:
    """Four operators, two of whom handled the one class only."""
    group = sequences.groups
    operators = answer(sequences) + 2 * (group % 2)
    assert kinds(sequences, SEQUENCES, operators) == [("group_constant", "b")]


def test_a_column_with_a_value_of_its_own_for_each_group_tells_nothing(
    sequences: Panel,
) -> None:
    assert kinds(sequences, SEQUENCES, sequences.groups) == []


def test_a_flag_of_the_anomaly_is_named(rows: Panel) -> None:
    is_odd = (np.arange(rows.n_rows) % 200 > 180).astype(float)
    panel = replace(rows, labels=is_odd[:, None])
    task = Task(1, 4, kind="anomaly", normal_rows=100)
    assert kinds(panel, task, is_odd) == [("label_feature", "b")]
    assert kinds(panel, task, 3 * is_odd + noise(panel, 0.01)) == [
        ("label_feature", "b")
    ]
    assert kinds(panel, task, 3 * is_odd + noise(panel, 1.0)) == []


@pytest.mark.parametrize("way", ["mean", "last", "highest"])
def test_a_column_that_gives_the_number_of_its_group_is_named(
    numbers: Panel, way: str
) -> None:
    wave = np.tile(
        np.linspace(-1, 1, SIZE), N_GROUPS
    )  # its mean is 0, its last value 1
    size = {"mean": 1.0, "last": 3.0, "highest": 2.0}[way]
    column = answer(numbers) + size * wave
    assert kinds(numbers, WHOLE, column) == [("near_copy", "b")]


def test_a_constant_that_rises_with_the_number_is_named(numbers: Panel) -> None:
    assert kinds(numbers, WHOLE, np.exp(answer(numbers))) == [("group_constant", "b")]
    spread = np.random.default_rng(4).normal(scale=0.3, size=N_GROUPS)
    near = answer(numbers) + np.repeat(spread, SIZE)
    assert kinds(numbers, WHOLE, near) == []


def test_a_copy_of_the_number_of_a_row_is_named(lives: Panel) -> None:
    scaled = 0.1 * answer(lives) + 4
    assert kinds(lives, SLIDING, scaled) == [("near_copy", "b")]
    assert kinds(lives, SLIDING, scaled + noise(lives, 0.02)) == [("near_copy", "b")]
    assert kinds(lives, SLIDING, scaled + noise(lives, 2.0)) == []


def test_the_number_of_a_later_row_is_named() -> None:
    walk = np.cumsum(np.random.default_rng(5).normal(size=N_GROUPS * SIZE))
    panel = of_groups(walk)
    later = np.append(walk[2:], [0.0, 0.0])
    assert kinds(panel, SLIDING, later) == [("shifted_copy", "b")]
    earlier = np.append([0.0, 0.0], walk[:-2])
    assert kinds(panel, SLIDING, earlier) == []
    assert kinds(panel, SLIDING, np.exp(walk / 9)) == [("transformed_copy", "b")]


def test_a_counter_is_no_copy_of_what_is_left(lives: Panel) -> None:
    """Engines start anew, and end at another age each."""
    assert kinds(lives, SLIDING, np.tile(np.arange(SIZE), N_GROUPS)) == []


def test_of_many_groups_some_of_every_class_are_looked_at(
    sequences: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sorted by class, the first groups alone would tell nothing."""
    monkeypatch.setattr(labels, "FEWEST_LOOKED_AT", 0)
    monkeypatch.setattr(labels, "MOST_ROWS", 8 * SIZE + 5)
    ordered = of_groups(np.repeat(np.sort(answer(sequences)[::SIZE]), SIZE))
    assert kinds(ordered, SEQUENCES, answer(ordered)) == [("label_feature", "b")]
    assert kinds(ordered, SEQUENCES, noise(ordered, 1.0)) == []
