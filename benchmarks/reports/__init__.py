"""Tables of the benchmarks that compare our search with the scripts it replaces."""
