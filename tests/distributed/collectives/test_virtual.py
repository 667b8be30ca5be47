"""A payload without values takes the same time, in the same messages, as a real one."""

import numpy as np
import pytest

from simcore.distributed import Virtual
from tests.distributed.collectives.running import EVERY, run

# Divides by 8 bytes and by every number of ranks here: elements and bytes are cut alike.
COUNT = 2 * 3 * 4 * 5 * 8


def program(comm, kind, payload):
    match kind:
        case "broadcast":
            comm.broadcast(payload)
        case "all_reduce":
            comm.all_reduce(payload)
        case "all_gather":
            comm.all_gather(payload)
        case "reduce_scatter":
            comm.reduce_scatter([payload] * comm.size)
        case "all_to_all":
            comm.all_to_all([payload] * comm.size)
        case "barrier":
            comm.barrier()


@pytest.mark.parametrize("ranks", [1, 2, 3, 4, 5, 8])
@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_a_virtual_payload_moves_as_a_real_one_does(kind, name, ranks):
    real = run(kind, name, ranks, program, kind, np.zeros(COUNT))
    virtual = run(kind, name, ranks, program, kind, Virtual(8 * COUNT))
    assert virtual.seconds == real.seconds
    assert virtual.trace.messages.equals(real.trace.messages)
    assert virtual.trace.spans.equals(real.trace.spans)
