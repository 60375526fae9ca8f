"""Top of the Progress page: state, bar, time left, the best so far, the buttons."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from pages.components.charts.record import Scale
from pages.components.charts.style import model_name
from pages.components.numbers import MOST_WORSE, duration, three_digits
from pages.components.scales import holdout_scale, score_scale
from pages.components.seed_views import holdout_line
from pages.components.state import dashboard_link, forget_progress, study_results
from pages.components.status import is_live, state_badge
from pages.components.study_data import best_fold_baseline
from pages.components.task_words import in_time_order
from pages.components.text import plain, raw_text, text
from pages.components.theme import CELL_BADGES
from search.analysis.comparison.numbers import skill
from search.analysis.trials.duel import (
    FEWEST_TRIALS,
    leader,
    trials_left,
    winning_chances,
)
from search.config import Cell
from search.disk import shortage
from search.jobs.launch import pause_study, start_study, stop_study
from search.study.control import State
from search.study.delivery import divergence_sentence
from search.study.folders import StudyHandle
from search.study.progress import Progress
from search.study.results import WinnerResult
from search.study.settings import StudySettings
from search.study.trials.listing import TrialView, seconds_behind

CAN_PAUSE: tuple[State, ...] = ("waiting", "searching", "refitting")
CAN_STOP: tuple[State, ...] = (
    "waiting",
    "searching",
    "pausing",
    "paused",
    "interrupted",
)
ENDED: tuple[State, ...] = ("finished", "stopped")
_SMALLEST_SKILL = 0.005


def show_status(study: StudyHandle, progress: Progress) -> None:
    """Show the state in words, how much is done, and how long it will take."""
    with st.container(horizontal=True, vertical_alignment="center"):
        state_badge(progress.state)
        is_full = is_live(progress.state) and bool(shortage(study.folder))
        said = "full" if is_full else progress.state
        st.markdown(text(f"progress.say_{said}"), width="stretch")
    # On a full disk the message is the sentence that stands above every page.
    message = "" if is_full else progress.message
    if message and progress.state == "failed":
        told = text("progress.message", message=message)
        st.error(told, icon=":material/error:")
    elif message and progress.state != "interrupted":
        st.markdown(plain(message))
    behind = seconds_behind(study)
    if behind:
        told = text("progress.behind", age=duration(behind))
        st.warning(told, icon=":material/hourglass_empty:")
    if progress.state in ENDED:
        st.caption(_done_line(study, progress))
    else:
        st.progress(progress.fraction, text=_done_line(study, progress))


def show_controls(study: StudyHandle, progress: Progress) -> None:
    """Show Pause, Stop and the link to optuna-dashboard, as the state allows."""
    with st.container(horizontal=True, key="progress_controls"):
        if progress.state in CAN_PAUSE:
            _control(study, "pause", ":material/pause:", lambda: pause_study(study))
        if progress.state == "pausing":
            _control(
                study, "resume", ":material/play_arrow:", lambda: start_study(study)
            )
        if progress.state in CAN_STOP:
            _stop(study, progress)
        st.link_button(
            text("progress.dashboard"),
            dashboard_link(study),
            icon=":material/open_in_new:",
            type="tertiary",
        )


def show_best(study: StudyHandle, progress: Progress) -> None:
    """Show the skill of the best trial of each cell, and its score with unit."""
    scale = score_scale(study)
    is_over = progress.state in (*ENDED, "refitting")
    results = study_results(study) if progress.state in ENDED else None
    winners = results.winners if results is not None else {}
    st.subheader(
        text("progress.best_title_end" if is_over else "progress.best_title"),
        help=text(best_help_key(study.settings), name=scale.name),
        anchor=False,
    )
    cells = study.settings.space.cells
    baseline = best_fold_baseline(study)
    for column, cell in zip(st.columns(len(cells)), cells, strict=True):
        with column.container(border=True, height="stretch"):
            _best_card(
                cell,
                progress.best.get(cell),
                progress.counts.per_cell.get(cell, 0),
                scale=scale,
                baseline=baseline,
            )
            if cell in winners:
                _holdout(study, winners[cell])
    if len(cells) > 1 and is_live(progress.state):
        st.markdown(duel_sentence(study, progress))


def best_help_key(settings: StudySettings) -> str:
    """Return the key of the sentence that says what the score means."""
    ordered = in_time_order(settings)
    return "progress.best_help" if ordered else "progress.best_help_groups"


def duel_sentence(study: StudyHandle, progress: Progress) -> str:
    """Say how likely each cell is to end as the best one."""
    cells = study.settings.space.cells
    scores: dict[Cell, list[float]] = {cell: [] for cell in cells}
    for trial in progress.trials:
        if trial.state == "complete" and trial.score is not None:
            scores[trial.cell].append(trial.score)
    n_scored = tuple(map(len, scores.values()))
    left = trials_left(progress, cells)
    n_left = tuple(left.values())
    chances = _chances(str(study.folder), n_scored, n_left, scores, left)
    if chances is None:
        return text("progress.duel_early", n=FEWEST_TRIALS)
    shares = ", ".join(
        raw_text("progress.duel_share", cell=cell, share=100 * chances[cell])
        for cell in cells
    )
    ahead = leader(chances)
    if ahead is None:
        return text("progress.duel_open", shares=shares)
    return text("progress.duel_leader", cell=ahead, shares=shares)


# The scores of a cell only ever grow in number.
@st.cache_resource(max_entries=16, show_spinner=False)
def _chances(
    folder: str,
    n_scored: tuple[int, ...],
    n_left: tuple[int, ...],
    _scores: Mapping[Cell, Sequence[float]],
    _left: Mapping[Cell, int],
) -> dict[Cell, float] | None:
    return winning_chances(_scores, _left)


def _best_card(
    cell: Cell,
    trial: TrialView | None,
    n_done: int,
    *,
    scale: Scale,
    baseline: tuple[str, float] | None,
) -> None:
    st.badge(cell, color=CELL_BADGES[cell])
    if trial is None or trial.score is None:
        st.markdown(text("progress.best_none"))
        return
    score = f"{scale.name} {plain(scale.written(trial.score))}"
    if baseline is None:
        st.markdown(f"### {score}")
    else:
        st.markdown(f"### {skill_sentence(trial.score, *baseline)}")
        st.markdown(score)
    st.caption(text("progress.best_trial", number=trial.number, n=n_done))


def _holdout(study: StudyHandle, winner: WinnerResult) -> None:
    """Show what the winner of a cell scored in the end, and its seeds."""
    score = study.settings.task.score
    st.markdown(plain(holdout_line(winner, score, holdout_scale(study))))
    divergence = divergence_sentence(winner)
    if divergence:
        st.caption(plain(divergence))


def skill_sentence(score: float, name: str, reference: float) -> str:
    """Say by how much a score is better or worse than that of a baseline."""
    share = skill(score, reference)
    baseline = model_name(name)
    if share is None or abs(share) < _SMALLEST_SKILL:
        return text("progress.skill_same", baseline=baseline)
    if share < MOST_WORSE:
        times = three_digits(1 - share)
        return text("progress.skill_times", times=times, baseline=baseline)
    key = "better" if share > 0 else "worse"
    return text(
        f"progress.skill_{key}",
        share=round(100 * abs(share)),
        baseline=baseline,
    )


def _control(
    study: StudyHandle, name: str, icon: str, action: Callable[[], object]
) -> None:
    if st.button(
        text(f"progress.{name}"),
        key=f"progress_{name}",
        icon=icon,
        help=text("progress.pause_help") if name == "pause" else None,
    ):
        action()
        forget_progress()
        st.toast(text(f"progress.told_{name}"))
        st.rerun()


def _stop(study: StudyHandle, progress: Progress) -> None:
    """Ask once more, because trials that run are lost."""
    with st.popover(text("progress.stop"), icon=":material/stop:", key="progress_stop"):
        st.markdown(f"**{text('progress.stop_title')}**")
        n_running = len(progress.running)
        if n_running:
            st.markdown(text("progress.stop_body", n=n_running))
        else:
            st.markdown(text("progress.stop_body_paused"))
        if st.button(
            text("progress.stop_confirm"),
            key="progress_stop_confirm",
            icon=":material/stop:",
        ):
            stop_study(study)
            forget_progress()
            st.toast(text("progress.told_stop"))
            st.rerun()


def _done_line(study: StudyHandle, progress: Progress) -> str:
    """Return trials done, time searched and time left in one line."""
    parts = []
    if progress.n_trials is not None:
        parts.append(
            text("progress.bar_trials", done=progress.n_done, total=progress.n_trials)
        )
    if progress.seconds_budget is not None:
        parts.append(
            text(
                "progress.bar_time",
                used=duration(progress.seconds_used),
                total=duration(progress.seconds_budget),
            )
        )
    if progress.counts.pruned:
        parts.append(text("progress.bar_pruned", n=progress.counts.pruned))
    if progress.counts.failed:
        parts.append(text("progress.bar_failed", n=progress.counts.failed))
    if progress.state == "refitting":
        parts.append(
            text(
                "progress.bar_refitted",
                n=len(progress.refitted),
                total=len(progress.best),
            )
        )
    if progress.state in ("searching", "refitting"):
        parts.append(_left(progress))
    return " · ".join(parts)


def _left(progress: Progress) -> str:
    if progress.eta_seconds is None:
        return text("progress.bar_left_unknown")
    return raw_text("progress.bar_left", left=duration(progress.eta_seconds))
