"""What the numbers mean: windows, folds, scaling, framing, metrics, baselines."""
