"""Forecasts to be beaten, on the same targets as the networks."""
