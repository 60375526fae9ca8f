"""What winners said of the holdout, as their files have it."""
