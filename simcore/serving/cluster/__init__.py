"""Many requests through many replicas: `serve` runs a cluster that a `ClusterSpec` describes."""

from simcore.serving.cluster.brains import PolicyError
from simcore.serving.cluster.faults import Fault, MachineFault, PartFault, ReplicaFault
from simcore.serving.cluster.ledger import Account, Ledger
from simcore.serving.cluster.members import Phase
from simcore.serving.cluster.outcome import Course, Status, Transfer
from simcore.serving.cluster.serve import serve
from simcore.serving.cluster.served import ReplicaFacts, Served, ServingStopped, Verdict
from simcore.serving.cluster.spec import (
    Bounds,
    ClusterSpec,
    KVTransfer,
    Policies,
    PoolSpec,
    Scaling,
    Signals,
)
from simcore.serving.policies import Policy

__all__ = [
    "Account",
    "Bounds",
    "ClusterSpec",
    "Course",
    "Fault",
    "KVTransfer",
    "Ledger",
    "MachineFault",
    "PartFault",
    "Phase",
    "Policies",
    "Policy",
    "PolicyError",
    "PoolSpec",
    "ReplicaFacts",
    "ReplicaFault",
    "Scaling",
    "Served",
    "ServingStopped",
    "Signals",
    "Status",
    "Transfer",
    "Verdict",
    "serve",
]
