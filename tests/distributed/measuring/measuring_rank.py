"""One rank of a measurement, started in a namespace as torchrun would start it.

`python measuring_rank.py SAMPLES.csv`, with the usual variables in the environment.
"""

import os
import sys
from contextlib import suppress

from simcore.distributed import deploy
from simcore.distributed.measuring.program import measure, measurements, samples_of
from simcore.distributed.measuring.shapes import OPERATIONS

SIZES = (65_536, 262_144, 524_288)
TESTS = measurements(OPERATIONS, SIZES, rounds=6, seed=11)

if __name__ == "__main__":
    # The link is to be measured, not what else the machine has to do. Whoever may make namespaces
    # usually may do this; else the measurements repeat worse, and say so.
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    run = deploy(measure, int(os.environ["WORLD_SIZE"]), args=(TESTS,), timeout_s=60)
    if os.environ["RANK"] == "0":
        samples_of(run, TESTS).to_csv(sys.argv[1], index=False)
