"""The kinds of event of the simulator.

At one instant they come in this order: transfers before compute jobs, and each in the order added.
"""

LATENCY_OVER = 0
FINISH = 1
COMPUTE_OVER = 2
