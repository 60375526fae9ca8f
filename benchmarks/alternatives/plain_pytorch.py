"""Optuna and PyTorch: a plain training loop as tutorials show it.

`nn.RNN`, `nn.LSTM` and `nn.GRU`, a `DataLoader`, Adam, one process with the threads
that PyTorch chooses. Gradients are clipped by their common norm
(`clip_grad_norm_`), as loops in PyTorch do; Keras and the search clip the gradient of
each weight by itself, which costs more here.

`python -m benchmarks.alternatives.plain_pytorch JOB.json`
"""

import time

import numpy as np
import optuna
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.alternatives.job import Job, Note, read_job, write_note
from benchmarks.support.problems import FoldData, Part, Problem, problem_of
from search.space.lines import TrialParams

CELLS = {"SimpleRNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}


class Forecaster(nn.Module):
    """Recurrent layers with dropout after each, then one linear layer."""

    def __init__(self, params: TrialParams, fold: FoldData) -> None:
        super().__init__()
        past, *known = fold.train.inputs
        _, self._horizon, self._n_targets = fold.train.targets.shape
        n_known = sum(one.shape[1] * one.shape[2] for one in known)
        self.recurrent = CELLS[params.cell](
            past.shape[2],
            params.units,
            num_layers=params.layers,
            dropout=params.dropout if params.layers > 1 else 0.0,
            batch_first=True,
        )
        self.dropout = nn.Dropout(params.dropout)
        self.head = nn.Linear(params.units + n_known, self._horizon * self._n_targets)

    def forward(self, past: torch.Tensor, *known: torch.Tensor) -> torch.Tensor:
        """Return the forecast of shape (n_windows, horizon, n_targets)."""
        states, _ = self.recurrent(past)
        state = self.dropout(states[:, -1])
        state = torch.cat([state, *(one.flatten(1) for one in known)], dim=1)
        return self.head(state).view(-1, self._horizon, self._n_targets)


def loader(part: Part, params: TrialParams, *, is_shuffled: bool) -> DataLoader:
    """Return the batches of one side of a fold."""
    arrays = [torch.from_numpy(one) for one in (*part.inputs, part.targets)]
    return DataLoader(
        TensorDataset(*arrays), batch_size=params.batch_size, shuffle=is_shuffled
    )


def fit_fold(
    params: TrialParams, fold: FoldData, *, epochs: int
) -> tuple[list[float], list[float]]:
    """Train one fold; return validation score and seconds of each epoch."""
    model = Forecaster(params, fold)
    optimizer = torch.optim.Adam(model.parameters(), lr=params.learning_rate)
    loss_of = nn.L1Loss() if params.loss == "mae" else nn.MSELoss()
    squared = nn.MSELoss()
    batches = loader(fold.train, params, is_shuffled=True)
    validation = loader(fold.valid, params, is_shuffled=False)
    scores, seconds = [], []
    for _ in range(epochs):
        started = time.perf_counter()
        model.train()
        for *inputs, targets in batches:
            optimizer.zero_grad()
            loss = loss_of(model(*inputs), targets)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), params.clipnorm)
            optimizer.step()
        model.eval()
        total = 0.0
        with torch.no_grad():
            for *inputs, targets in validation:
                total += squared(model(*inputs), targets).item() * len(targets)
        scores.append(fold.scale * (total / len(fold.valid.targets)) ** 0.5)
        seconds.append(time.perf_counter() - started)
    return scores, seconds


class Objective:
    """Scores one of the given configurations by cross-validation."""

    def __init__(self, job: Job, problem: Problem) -> None:
        self._job = job
        self._problem = problem

    def __call__(self, trial: optuna.Trial) -> float:
        """Return the mean over the folds of the best score of each."""
        started = time.time()
        planned = self._job.configurations[trial.number]
        params = self._problem.space.suggest(trial)
        curves, seconds = [], []
        for fold in self._problem.folds(params):
            scores, spent = fit_fold(params, fold, epochs=planned.epochs)
            curves.append(scores)
            seconds.append(spent)
        score = float(np.mean([min(scores) for scores in curves]))
        note = Note(
            number=planned.number,
            state="complete",
            launched=self._job.launched,
            started=started,
            finished=time.time(),
            epoch_seconds=tuple(np.sum(seconds, axis=0).tolist()),
            epoch_scores=tuple(np.mean(curves, axis=0).tolist()),
            score=score,
        )
        write_note(self._job, note)
        return score


def main() -> None:
    """Do the job."""
    job = read_job()
    problem = problem_of(job.options)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=job.seed))
    for planned in job.configurations:
        study.enqueue_trial(planned.params)
    study.optimize(Objective(job, problem), n_trials=len(job.configurations))


if __name__ == "__main__":
    main()
