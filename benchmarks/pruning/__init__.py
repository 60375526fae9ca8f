"""Searches re-enacted over recorded learning curves, to choose a rule for pruning."""
