"""A program that runs every shipped algorithm with values, one after the other."""

from simcore.distributed.algorithms import ALGORITHMS, Settings, program_for


def settings_for(name: str, ranks: int) -> Settings:
    """Small, uneven work for one algorithm."""
    model = "small mixture of experts" if name == "expert-parallel" else "small Llama"
    return Settings(
        model=model,
        ranks=ranks,
        tp=1 if ranks % 2 else 2,
        tokens=7,
        batch=3,
        micro_batches=2,
        requests=4,
        output_tokens=3,
        max_batch=2,
        rate_per_s=1e6,
    )


def program(comm):
    """By name, the values of each algorithm on this rank, as nested lists of numbers."""
    values = {}
    for name in ALGORITHMS.names():
        settings = settings_for(name, comm.size)
        with comm.region(name):
            value = program_for(name, settings, values=True)(comm)
        values[name] = _numbers(value)
        comm.barrier()
    return values


def _numbers(value):
    """Every bit of the tensors in `value`; when requests were served is left out."""
    if hasattr(value, "numpy"):
        return value.numpy().tolist()
    if isinstance(value, list):
        return [_numbers(part) for part in value]
    return _numbers(value.tokens) if hasattr(value, "tokens") else value
