"""Programs on real processes, which talk through torch.distributed."""

from simcore.distributed.deployed.deploying import deploy

__all__ = ["deploy"]
