"""The Compare page: table, sections, diagnosis."""
