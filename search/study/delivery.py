"""What of a winner is delivered, and which of its seeds count, in words."""

from search.study.results import WinnerResult


def delivery_sentence(winner: WinnerResult) -> str:
    """Say which model is delivered."""
    fail = _verb(winner)
    if winner.n_seeds == 1:
        return "What is delivered is the network of the only seed it was trained from."
    if winner.delivered == "average" and winner.n_networks > 1:
        which = f"all seeds that did not {fail}" if winner.diverged else "all seeds"
        return (
            f"What is delivered is the average of {winner.n_networks} networks: the "
            f"mean of the outputs of {which}."
        )
    if winner.delivered == "average":
        return (
            f"What is delivered is the network of the only seed that did not {fail}; "
            "an average of several was asked for."
        )
    which = f"the first seed that did not {fail}"
    if not any(one.seed < winner.seeds[0].seed for one in winner.diverged):
        which = "the first seed"
    return (
        f"What is delivered is the network of {which}, whatever the scores of the "
        "others are."
    )


def divergence_sentence(winner: WinnerResult) -> str:
    """Say how many seeds diverged or ran out of memory; empty if none did.

    Examples
    --------
    ``1 of 3 seeds diverged; scores are over the 2 others.``
    """
    n_diverged, n_scored = len(winner.diverged), len(winner.seeds)
    if not n_diverged:
        return ""
    others = f"over the {n_scored} others" if n_scored > 1 else "those of the other one"
    what = {"diverge": "diverged", "run out of memory": "ran out of memory"}
    did = what.get(_verb(winner), "diverged or ran out of memory")
    return f"{n_diverged} of {winner.n_seeds} seeds {did}; scores are {others}."


def _verb(winner: WinnerResult) -> str:
    """Return what the seeds did that gave no network."""
    kinds = {one.kind for one in winner.diverged}
    if kinds == {"memory"}:
        return "run out of memory"
    return "diverge" if "memory" not in kinds else "fail"
