"""The report: one HTML file with the numbers and pictures of the result pages."""
