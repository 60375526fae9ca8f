"""From the bytes of a file to cells: what it is, how it is written, what it holds."""
