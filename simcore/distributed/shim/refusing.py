"""What of torch.distributed is not simulated: called by its name, with what to do instead."""

import sys


def refusing(name: str, instead: str = "write it with the calls that are"):
    """A function to put in the place of something that is not simulated."""

    def refuse(*args, **kwargs):
        raise NotImplementedError(f"{name} is not simulated; {instead}")

    return refuse


def refuse_default_group():
    """In the place of what torch's own modules get the default group from."""
    caller = sys._getframe(1)
    module = caller.f_globals.get("__name__", "something")
    raise NotImplementedError(
        f"{module}.{caller.f_code.co_qualname} works on torch's own process groups, of which there "
        "are none in a simulation; write what it does with the collectives of torch.distributed"
    )
