"""Answers beyond the data of a study, and how good they turned out to be."""
