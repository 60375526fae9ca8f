"""Winners and baselines side by side: numbers, tests and the verdict in words."""
