"""Which inputs and time steps a network uses, and what its gates do; NumPy only."""
