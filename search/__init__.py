"""Find the best recurrent network for a time series."""

__version__ = "0.1.0"
