"""What a proof of a bundle says: predictions repeated, and how closely."""

import pandas as pd

from search.errors import SearchError
from search.study.results import BundleCheck

# Of the spread of the target; of probabilities as they are.
LARGEST_RELATIVE = 1e-4
NOT_FINITE = BundleCheck(None, None, False, "The download predicts no finite number.")


def refuse_other_rows(stored: pd.DataFrame, found: pd.DataFrame) -> None:
    """Refuse predictions that are not for the stored rows, in their order.

    Raises
    ------
    SearchError
        If there are more, fewer or others.
    """
    if not stored.index.equals(found.index):
        raise SearchError(
            f"{len(found)} predictions were made where {len(stored)} are stored."
        )


def proof(
    n_repeated: int,
    *,
    largest: float,
    relative: float | None,
    passed: bool,
    units: str = "",
) -> BundleCheck:
    """Return the check of predictions that were repeated, in words.

    Parameters
    ----------
    n_repeated
        Number of predictions.
    largest, relative
        Largest difference, and over what is usual; None where nothing is.
    passed
        Whether the differences are small enough.
    units
        What `largest` is counted in; begins with a blank.
    """
    message = (
        f"Unpacked and run in a clean process: {n_repeated} holdout predictions "
        f"repeated, the largest difference is {largest:.2g}{units}."
    )
    if not passed:
        message += " That is too much; the download is not offered."
    return BundleCheck(largest, relative, passed, message)
