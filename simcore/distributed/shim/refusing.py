"""What of torch.distributed is not simulated: called by its name, with what to do instead."""

import sys

_KEEPER = "torch.distributed.distributed_c10d"


def refusing(name: str, instead: str):
    """A function to put in the place of something that is not simulated."""

    def refuse(*args, **kwargs):
        raise NotImplementedError(f"{name} is not simulated; {instead}")

    return refuse


class NoWorld:
    """In the place of where torch keeps its process groups: whatever asks for them is refused."""

    def __getattr__(self, name):
        frame = sys._getframe(1)
        while frame.f_back is not None and frame.f_globals.get("__name__", "") == _KEEPER:
            frame = frame.f_back
        asks = f"{frame.f_globals.get('__name__')}.{frame.f_code.co_qualname}"
        raise NotImplementedError(
            f"{asks} works on torch's own process groups, of which there are none in a simulation; "
            "write what it does with the collectives of torch.distributed"
        )
