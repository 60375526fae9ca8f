"""Ways in which a search can see the future, looked for in data, folds and winners."""
