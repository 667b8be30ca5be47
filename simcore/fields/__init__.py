"""The fields of a scenario, in files by what they are about."""

from simcore.fields.batch import BatchFields
from simcore.fields.fabric import FabricFields
from simcore.fields.parallelism import ParallelismFields
from simcore.fields.transfers import TransferFields

__all__ = ["BatchFields", "FabricFields", "ParallelismFields", "TransferFields"]
