"""The trials of a study: claimed, sampled, pruned, told, and listed."""
