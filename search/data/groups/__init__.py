"""From a table with many sequences or series to rows that know their group."""
