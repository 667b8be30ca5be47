"""Units of the border: inside, everything is seconds, bytes and FLOP/s."""

GB = 1e9
GIB = 2.0**30
MS = 1e-3
