"""Bundles of every task repeat what the engine predicted."""

import pytest

from search.bundle.check import check_bundle

KINDS = (
    "forecasting",
    "regression",
    "classification",
    "labelling",
    "anomaly",
    "autoencoder",
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_bundle_passes(kind, task_bundle):
    made = task_bundle(kind)
    check = check_bundle(made.zip_path)
    assert check.passed, check.message
    assert check.relative_difference < 1e-5
    n_stored = len(made.stored)
    assert f"{n_stored} holdout predictions repeated" in check.message
