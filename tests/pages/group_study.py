"""Studies of made sequences, for the tests of the pages."""

from functools import cache

from search.config import Budget, Environment, Roles, Task
from search.data.groups.build import build_groups
from search.data.groups.record import BuiltGroups
from search.data.groups.settings import GroupSettings
from search.data.table import read_table
from search.space.defaults import usual_space
from search.study.folders import StudyHandle
from search.study.settings import StudySettings
from search.study.studies import create_study

N_GROUPS = 20


@cache
def built_groups() -> BuiltGroups:
    """Return twenty sequences of six rows, of the classes up and down."""
    rows = ["id,step,v,kind"]
    for k in range(N_GROUPS):
        rows += [f"s{k},{n},{n * (k % 2) + k / 9:g},{'up' if k % 2 else 'down'}"
                 for n in range(6)]  # fmt: skip
    table = read_table("\n".join(rows).encode(), name="turns.csv")
    roles = Roles(targets=("kind",), past_features=("v",), group="id")
    settings = GroupSettings(roles, time=("step",), target_kind="classes")
    return build_groups(table, settings)


def group_settings(name: str) -> StudySettings:
    """Return settings that tell the classes apart."""
    built = built_groups()
    task = Task(
        1,
        4,
        folds=3,
        score="log_loss",
        kind="classification",
        classes=built.groups.classes,
    )
    space = usual_space(
        lengths=(3, 6),
        framings=("none",),
        losses=("cross_entropy",),
        calendars=("none",),
        batch_size=8,
    )
    return StudySettings(name, built.source, built.roles, task, space, Budget(trials=3))


def new_group_study(environment: Environment, settings: StudySettings) -> StudyHandle:
    """Create a study of `built_groups`."""
    built = built_groups()
    return create_study(environment, settings, built.values, built.groups)
