"""The range of the attention over many windows."""

import numpy as np
import pytest

from search.explain.attention import weight_range


def test_the_band_holds_eight_of_ten_windows() -> None:
    first = np.arange(11) / 10
    found = weight_range(np.stack([first, 1 - first], axis=1))
    assert found.mean == pytest.approx([0.5, 0.5])
    assert found.low == pytest.approx([0.1, 0.1])
    assert found.high == pytest.approx([0.9, 0.9])
