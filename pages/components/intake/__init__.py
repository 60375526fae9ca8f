"""The Data page: reading, columns, findings, the series."""
