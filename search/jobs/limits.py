"""How patient a supervisor is; one record, so that tests can be quick."""

from dataclasses import dataclass

from search.study.trials.leases import GRACE_SECONDS


@dataclass(frozen=True)
class Limits:
    """Limits of time, memory and bad luck.

    Attributes
    ----------
    tick_seconds
        Longest time between two looks at wishes and workers; the end of a worker is
        noticed at once.
    publish_seconds
        Time between two writings of `state.json` while nothing changes.
    first_pause_seconds, longest_pause_seconds
        A worker that died is replaced after the first pause, which doubles with each
        further death in a row.
    most_deaths, most_failures
        The study ends as failed after so many deaths of workers, or failed trials,
        in a row.
    memory_limit_bytes
        Resident size above which a worker or a refit is ended at once. A worker is
        replaced after its trial from four fifths of it on.
    least_memory_bytes
        Memory that must be free before the first worker is started; one with
        TensorFlow takes about this much before it trains.
    trial_factor, shortest_trial_seconds, first_trial_seconds
        A worker is ended after so many times the median of the finished trials
        without progress, but never before the second; while no trial is finished,
        after the third. See `search.jobs.hanging`.
    close_seconds
        Time for workers to finish the running epoch when the search ends.
    end_seconds
        Time for workers to end after they were asked to by a signal.
    grace_seconds
        Time without a sign of life after which a trial of another machine is given up.
    """

    tick_seconds: float = 0.5
    publish_seconds: float = 1.0
    first_pause_seconds: float = 1.0
    longest_pause_seconds: float = 60.0
    most_deaths: int = 5
    most_failures: int = 5
    memory_limit_bytes: int = 2_500_000_000
    least_memory_bytes: int = 600_000_000
    trial_factor: float = 3.0
    shortest_trial_seconds: float = 600.0
    first_trial_seconds: float = 3600.0
    close_seconds: float = 600.0
    end_seconds: float = 20.0
    grace_seconds: float = GRACE_SECONDS
