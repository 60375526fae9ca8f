"""Where a study is stored: the database of Optuna, and places for files."""
