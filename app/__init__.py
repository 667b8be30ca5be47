"""The pages: what the simulator says, to look at and to drag."""
