"""The limits of a search, given for a new one or changed for a study."""

import argparse

NO_LIMIT = "none"


def add_budget(group: argparse._ActionsContainer, *, is_change: bool = False) -> None:
    """Add the limits; what changes those of a study may lift one as well."""
    lift = f", or {NO_LIMIT} to lift this limit" if is_change else ""
    group.add_argument(
        "--trials",
        type=_trials_or_no_limit if is_change else int,
        metavar="N",
        help=f"trials in all{lift}",
    )
    group.add_argument(
        "--timeout",
        type=_seconds_or_no_limit if is_change else float,
        metavar="SECONDS",
        help=f"seconds of searching in all{lift}",
    )
    group.add_argument(
        "--stop-early",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="end before that when further trials are not worth it (default: no)",
    )


def _trials_or_no_limit(text: str) -> int | str:
    try:
        return NO_LIMIT if text == NO_LIMIT else int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be a whole number or {NO_LIMIT}, got {text!r}"
        ) from None


def _seconds_or_no_limit(text: str) -> float | str:
    try:
        return NO_LIMIT if text == NO_LIMIT else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be a number or {NO_LIMIT}, got {text!r}"
        ) from None
