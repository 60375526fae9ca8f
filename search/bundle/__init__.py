"""The download: a zip whose model runs without this package."""
