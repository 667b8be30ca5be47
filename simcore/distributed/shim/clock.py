"""The time that a script reads and lets pass: that of the simulation.

Only the script and the modules beside it get this `time` when they import it. What torch or Python
do with the time of the day goes on as ever.
"""

import builtins
import time
from types import ModuleType

from simcore.distributed.shim.world import here

_NS = 1_000_000_000


def now() -> float:
    """Stands for time.time, monotonic and perf_counter: simulated seconds since the run began."""
    return here().communicator.now()


def now_ns() -> int:
    """Stands for time.time_ns and the like: whole nanoseconds since the run began."""
    return round(now() * _NS)


def sleep(seconds: float) -> None:
    """Stands for time.sleep: the rank lets so much simulated time pass."""
    world = here()
    world.launch.run_added()
    world.communicator.idle(seconds)


def _stand_in() -> ModuleType:
    module = ModuleType("time", time.__doc__)
    vars(module).update(vars(time), sleep=sleep)
    for name in ("time", "monotonic", "perf_counter"):
        vars(module).update({name: now, f"{name}_ns": now_ns})
    return module


_TIME = _stand_in()


def _import(name, globals=None, locals=None, fromlist=(), level=0):
    if name == "time" and level == 0:
        return _TIME
    return builtins.__import__(name, globals, locals, fromlist, level)


BUILTINS = {**vars(builtins), "__import__": _import}
"""What is to be the `__builtins__` of the script and of each module beside it."""
