"""All-reduce in the network: the switch adds up and sends the result to all.

Graham et al., "Scalable Hierarchical Aggregation Protocol (SHArP)" (COMHPC 2016); NVLink SHARP does
it in the NVSwitches. The buffer goes up from each rank once, and down to each once.
"""

from simcore.collectives.base import ALGORITHMS, Algorithm, Round, Send


def in_network(ranks: int) -> tuple[Round, ...]:
    """One round. What goes up from a rank and what comes down to the next are drawn as one send.

    So every wire to the switch carries the buffer once, every wire from it likewise.
    """
    return (tuple(Send(i, (i + 1) % ranks, 1.0) for i in range(ranks)),)


ALGORITHMS.register("in-network")(Algorithm(in_network, needs_switch=True))
