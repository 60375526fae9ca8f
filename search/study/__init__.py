"""A study as it is stored: settings, search space, trials, progress, results."""
