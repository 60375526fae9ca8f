"""A further file for a study, read as the file of the study was."""
