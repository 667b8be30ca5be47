"""Distributed programs on the simulator: one thread for each rank, of which exactly one runs."""
