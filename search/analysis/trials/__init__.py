"""What the trials of a study tell: what mattered, and whether more are worth it."""
