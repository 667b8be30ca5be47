"""A program of which every part of a trace has something to tell."""

import numpy as np


def program(comm):
    """Computation in a region, a collective in the background, messages of every sort."""
    with comm.region("product"):
        values = np.ones((60, 60))
        for _ in range(5):
            values = values @ values / 60
        comm.compute(1e-3)
    work = comm.all_gather(values[comm.rank], wait=False)
    values = values @ values
    comm.compute(1e-3)
    total = sum(part.sum() for part in work.wait())
    after, before = (comm.rank + 1) % comm.size, (comm.rank - 1) % comm.size
    sent = comm.isend(values, after, tag=3)
    comm.recv(np.empty_like(values), before, tag=3)
    sent.wait()
    comm.barrier()
    return total
