"""What each worker trains at this moment, on the Progress page."""

import streamlit as st

from pages.components.charts.curves import idle_chart, running_chart
from pages.components.charts.record import Chart
from pages.components.live_figure import show_live_chart
from pages.components.scales import score_scale
from pages.components.study_data import trial_curve
from pages.components.text import text
from search.study.folders import StudyHandle
from search.study.progress import Progress, RunningTrial

MOST_RUNNING_SHOWN = 4


def show_running(study: StudyHandle, progress: Progress) -> None:
    """Show the learning curve of what each worker trains, always in its place."""
    slots = worker_slots(progress)
    if not slots:
        return
    st.subheader(text("progress.running_heading"), anchor=False)
    columns = st.columns(2) if len(slots) > 1 else [st.container()]
    for place, trial in enumerate(slots[:MOST_RUNNING_SHOWN]):
        with columns[place % len(columns)]:
            show_live_chart(_running_chart(study, trial), key=f"running_{place}")
    n_more = len(slots) - MOST_RUNNING_SHOWN
    if n_more > 0:
        st.caption(text("progress.running_more", n=n_more))


def worker_slots(progress: Progress) -> list[RunningTrial | None]:
    """Return what each worker trains, in an order that stays; None between trials.

    Workers are known by the trials that they ran last.
    """
    running = {trial.number: trial for trial in progress.running}
    latest: dict[int, int] = {}
    for trial in progress.trials:
        if trial.worker_pid is not None:
            latest[trial.worker_pid] = trial.number
    busy = [pid for pid, number in latest.items() if number in running]
    idle = [pid for pid, number in latest.items() if number not in running]
    idle.sort(key=lambda pid: -latest[pid])
    shown = sorted(busy + idle[: max(0, progress.workers - len(busy))])
    return [running.get(latest[pid]) for pid in shown]


def _running_chart(study: StudyHandle, trial: RunningTrial | None) -> Chart:
    scale = score_scale(study)
    if trial is None:
        return idle_chart(scale, epochs=study.settings.training.epochs)
    points = trial_curve(study, trial.number)
    return running_chart(trial.number, trial.cell, points, scale, epochs=trial.epochs)
