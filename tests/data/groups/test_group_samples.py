import pytest

from search.data.group_samples import (
    GROUP_SAMPLES,
    make_group_sample,
    purity_ceiling,
)
from search.data.groups.build import build_groups, inspect_groups
from search.data.groups.suggestion import suggest_tasks
from search.data.table import read_table
from search.errors import ConfigError


@pytest.mark.parametrize("name", GROUP_SAMPLES)
def test_group_sample_is_ready_as_it_is(name):
    sample, content = GROUP_SAMPLES[name], make_group_sample(name)
    assert content == make_group_sample(name)
    assert len(content) < 1_000_000
    table = read_table(content, name=f"{name}.csv")
    report = inspect_groups(table, sample.settings)
    assert report.is_ready, report.findings
    built = build_groups(table, sample.settings)
    assert len(built.groups.names) == sample.n_groups
    assert len(built.values) == sample.n_rows == len(table.frame)
    assert not built.values.isna().any(axis=None)
    first = suggest_tasks(table)[0]
    assert first.kind == sample.kind
    assert first.settings.roles.group == sample.settings.roles.group
    assert first.settings.time == sample.settings.time
    assert first.settings.roles.targets == sample.settings.roles.targets


def test_purity_ceiling_is_below_one_by_the_noise():
    assert purity_ceiling() == pytest.approx(0.96, abs=0.01)


def test_make_group_sample_refuses_other_names():
    with pytest.raises(ConfigError, match="`name` must be one of batch_reactor, pump"):
        make_group_sample("moon")
