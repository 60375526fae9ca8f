"""The Forecast page: what comes next, and newer data held against it."""
