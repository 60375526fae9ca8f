"""From a file to a series: reading, checking, repairing on request, samples."""
