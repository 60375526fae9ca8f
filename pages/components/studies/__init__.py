"""The Studies page: the list, and what can be done with a study."""
