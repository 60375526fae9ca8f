"""What several benchmarks need: problems, the real search, scripts, the record."""
