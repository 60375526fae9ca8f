import hashlib

import numpy as np
import pandas as pd
import pytest

from search.data.snapshot import DATA_FILE, load_series, save_series
from search.errors import StudyCorrupted


def _series(frequency: str | None) -> pd.DataFrame:
    values = pd.DataFrame({"y [°C]": np.arange(12) / 3, "x=a": [0.0, 1.0] * 6})
    if frequency:
        values.index = pd.date_range("2024-01-31", periods=12, freq=frequency)
    return values


@pytest.mark.parametrize("frequency", [None, "h", "MS", "W-WED", "B", "3MS", "250ms"])
def test_load_series_returns_what_was_saved(tmp_path, frequency):
    values = _series(frequency)
    digest = save_series(tmp_path, values)
    loaded = load_series(tmp_path, digest)
    pd.testing.assert_frame_equal(loaded, values, check_index_type=False)
    assert getattr(loaded.index, "freqstr", None) == frequency
    content = (tmp_path / DATA_FILE).read_bytes()
    assert digest == hashlib.sha256(content).hexdigest()


def test_load_series_accepts_any_content_without_a_digest(tmp_path):
    save_series(tmp_path, _series("h"))
    assert len(load_series(tmp_path)) == 12


def test_load_series_refuses_a_changed_file(tmp_path):
    digest = save_series(tmp_path, _series("h"))
    save_series(tmp_path, _series("h") + 1)
    with pytest.raises(StudyCorrupted, match="was changed after the study was made"):
        load_series(tmp_path, digest)


@pytest.mark.parametrize("content", [None, b"", b"PAR1 and nothing", b"x" * 100])
def test_load_series_refuses_what_cannot_be_read(tmp_path, content):
    if content is not None:
        (tmp_path / DATA_FILE).write_bytes(content)
    with pytest.raises(StudyCorrupted, match="cannot be read"):
        load_series(tmp_path)
