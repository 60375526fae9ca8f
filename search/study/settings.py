"""Everything that defines a study, as stored in `study.json`."""

from dataclasses import dataclass

from search.config import (
    MAX_FOLDS,
    MAX_QUEUED,
    MAX_WORKERS,
    Budget,
    Roles,
    Task,
    Training,
    check_at_most,
)
from search.data.source import Source
from search.errors import ConfigError
from search.evaluation.group_splits import plan_samples
from search.evaluation.panel import Panel
from search.evaluation.samples import SamplePlan
from search.evaluation.splits import SplitPlan, plan_splits
from search.space.combinations import check_combinations, check_together
from search.space.lines import Space, Value

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class StudySettings:
    """The settings of one study; they never change, except the budget.

    Attributes
    ----------
    name
        Label for people, 1 to 80 characters.
    source, roles, task, space, training
        See the records.
    budget
        Budget at the start; `search.study.control` holds the current one.
    workers
        Worker processes, each with one thread.
    enqueue
        Configurations that are tried first, before the textbook ones.
    """

    name: str
    source: Source
    roles: Roles
    task: Task
    space: Space
    budget: Budget = Budget()
    training: Training = Training()
    workers: int = 2
    enqueue: tuple[dict[str, Value], ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.name.strip()) <= 80:
            raise ConfigError(
                f"A study name has 1 to 80 characters, got {len(self.name.strip())}."
            )
        if not 1 <= self.workers <= MAX_WORKERS:
            raise ConfigError(
                f"`workers` must lie between 1 and {MAX_WORKERS}, got {self.workers}."
            )
        self.task.check_roles(self.roles)
        check_combinations(self.space, self.task)
        for params in self.enqueue:
            self.space.check_configuration(params)
            check_together(params, self.space, self.task)

    def check_new(self) -> None:
        """Refuse what a new study may not have, though an older one may.

        Raises
        ------
        ConfigError
            If a number is beyond its limit; see `search.config`.
        """
        self.training.check_new()
        check_at_most("folds", self.task.folds, MAX_FOLDS)
        check_at_most("enqueue", len(self.enqueue), MAX_QUEUED)

    def plan_of(self, panel: Panel) -> SplitPlan | SamplePlan:
        """Return the folds of any task; of one series that is forecast, `plan`.

        Raises
        ------
        ConfigError
            If there is too little for these settings.
        """
        if self.task.kind == "forecasting" and not panel.group_names:
            return self.plan(panel.n_rows)
        season = self.task.season
        is_seasonal = "seasonal" in self.space["framing"].values
        return plan_samples(
            panel,
            self.task,
            first_origin=self.space.first_origin(season),
            season_rows=season if is_seasonal else 0,
            seed=self.training.seed,
        )

    def plan(self, n_rows: int) -> SplitPlan:
        """Return the folds of a series of `n_rows` rows.

        Raises
        ------
        ConfigError
            If the series is too short for these settings.
        """
        season = self.task.season
        is_seasonal = "seasonal" in self.space["framing"].values
        return plan_splits(
            n_rows,
            self.task,
            first_origin=self.space.first_origin(season),
            season_rows=season if is_seasonal else 0,
        )
