"""Choices that several result pages offer: a target, and a position."""

import streamlit as st

from pages.components.text import text
from search.study.folders import StudyHandle


def choose_target(study: StudyHandle, *, key: str) -> str:
    """Return the target to look at; a single one is not asked for.

    Nor is one of several that are watched for anomalies: they have one score.
    """
    targets = study.settings.roles.targets
    if len(targets) == 1 or study.settings.task.kind == "anomaly":
        return targets[0]
    return st.selectbox(text("compare.target"), targets, key=key, width=320)


def choose_position(count: int, label: str, *, key: str) -> int:
    """Return a position from 0; people count from 1, and one is not asked for."""
    if count == 1:
        return 0
    return st.slider(label, 1, count, 1, key=key, width=320) - 1
