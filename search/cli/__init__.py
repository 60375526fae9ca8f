"""The command line, `python -m search`."""
