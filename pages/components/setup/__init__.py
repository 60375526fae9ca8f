"""The Search page: task, space, budget, folds, start."""
