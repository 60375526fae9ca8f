"""The upload of new sequences or rows, and what was recognised in it."""

import numpy as np
import streamlit as st

from pages.components.numbers import count
from pages.components.scoring.data import NewFile, SampleWinner, read_upload
from pages.components.study_upload import choose_upload
from pages.components.text import plain, text
from search.data.newer.reading import needed_columns


def choose_new_file(winner: SampleWinner) -> NewFile | None:
    """Say what a file needs, and return the one that was uploaded."""
    study = winner.study
    st.subheader(
        text("scoring.upload_heading"), help=text("scoring.upload_help"), anchor=False
    )
    st.markdown(_intro(winner), width=900)
    key = f"scoring_{study.uuid}"
    found = choose_upload(study, text("scoring.upload"), key=key, read=read_upload)
    if found is None:
        return None
    _show_reading(winner, found)
    return found


def _intro(winner: SampleWinner) -> str:
    settings = winner.study.settings
    kind, roles = settings.task.kind, settings.roles
    words = text(
        f"scoring.intro_{kind}",
        cell=winner.cell,
        columns=", ".join(needed_columns(winner.study.settings.source, roles, kind)),
        target=", ".join(roles.targets),
        horizon=settings.task.horizon,
    )
    if roles.label is not None:
        words += " " + text("scoring.intro_anomaly_label", label=roles.label)
    rows = winner.delivered.model.rows_before
    if rows > 1:
        words += " " + text("scoring.intro_window", rows=rows)
    return words


def _show_reading(winner: SampleWinner, file: NewFile) -> None:
    frame, column = file.rows.frame, winner.study.settings.roles.group
    if column is None:
        st.markdown(text("scoring.read", name=file.rows.name, rows=count(len(frame))))
    else:
        sizes = np.bincount(frame[column].cat.codes)
        st.markdown(
            text(
                "scoring.read_groups",
                name=file.rows.name,
                rows=count(len(frame)),
                groups=count(len(sizes)),
                column=column,
            )
        )
        least = winner.delivered.model.rows_before
        n_short = int((sizes < least).sum())
        if n_short and n_short < len(sizes):
            st.caption(
                text(
                    "scoring.left_out",
                    n=count(n_short),
                    total=count(len(sizes)),
                    column=column,
                    rows=least,
                )
            )
    for note in file.rows.notes:
        st.caption(plain(note))
