"""What is searched: the lines of a space, their defaults, limits and first values."""
