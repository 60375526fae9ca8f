"""The settings of a search that goes on with newer rows."""

from dataclasses import replace

from search.analysis.trials.continuing import continued_settings
from search.data.source import Source
from tests.pages.study_factory import make_settings


def test_what_was_filled_from_later_rows_is_summed_by_column() -> None:
    source = Source("old.csv", filled_ahead={"a": 2, "b": 1})
    settings = replace(make_settings("Old"), source=source)
    joined = continued_settings(
        settings, file_name="new.csv", filled_ahead={"b": 3, "c": 4}
    )
    assert joined.source.filled_ahead == {"a": 2, "b": 4, "c": 4}
    same = continued_settings(settings, file_name=None)
    assert same.source.filled_ahead == {"a": 2, "b": 1}
