"""A study as it is stored: settings, progress, results, and what the user wishes."""
