"""A linear recurrence, as state-space models have in each layer: h[t] = decay[t]·h[t−1] + x[t]."""

import numpy as np

POSITIONS, WIDTH = 4096, 256
SECONDS_PER_POSITION = 2e-6  # what one position takes on the device that we have in mind


def my_part(comm):
    """Decays and inputs of this rank's positions, each (positions, width)."""
    each = POSITIONS // comm.size
    generator = np.random.default_rng(comm.rank)
    decay = generator.uniform(0.99, 1.0, (each, WIDTH))
    return decay, generator.normal(size=(each, WIDTH))


def scan(comm, decay, x, state):
    """All states of some positions, one after the other, from the state before them."""
    states = np.empty_like(x)
    for place in range(len(x)):
        state = decay[place] * state + x[place]
        states[place] = state
    comm.compute(SECONDS_PER_POSITION * len(x))
    return states
