"""What is wrong with a trial, a winner or the data, and what may cure it."""
