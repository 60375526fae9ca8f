"""From cells to time stamps: their format, their order, the step between them."""
