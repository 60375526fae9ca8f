"""The Progress page: state, live charts, trials, steering."""
