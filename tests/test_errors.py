"""The error tree says who has to react."""

import pytest

from search import errors

EXPECTED_PARENTS = {
    "UserInputError": "SearchError",
    "TableFormatError": "UserInputError",
    "SeriesError": "UserInputError",
    "ConfigError": "UserInputError",
    "TrialFailed": "SearchError",
    "StudyStopped": "SearchError",
    "StudyCorrupted": "SearchError",
}


@pytest.mark.parametrize(("name", "parent"), EXPECTED_PARENTS.items())
def test_error_has_its_place_in_the_tree(name: str, parent: str) -> None:
    error = getattr(errors, name)
    assert error.__base__ is getattr(errors, parent) or parent in {
        base.__name__ for base in error.__bases__
    }


def test_wrong_input_is_a_value_error_too() -> None:
    assert issubclass(errors.UserInputError, ValueError)


@pytest.mark.parametrize("name", ["TrialFailed", "StudyStopped", "StudyCorrupted"])
def test_other_errors_are_not_taken_for_wrong_input(name: str) -> None:
    assert not issubclass(getattr(errors, name), errors.UserInputError)


def test_tree_is_complete_and_drawn_in_the_docstring() -> None:
    defined = {
        name
        for name, thing in vars(errors).items()
        if isinstance(thing, type) and issubclass(thing, Exception)
    }
    assert defined == {"SearchError", *EXPECTED_PARENTS}
    assert errors.__doc__ is not None
    assert all(name in errors.__doc__ for name in defined)
