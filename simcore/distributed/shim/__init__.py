"""Scripts written for torch.distributed, simulated as they are."""

from simcore.distributed.shim.script import simulate_script

__all__ = ["simulate_script"]
