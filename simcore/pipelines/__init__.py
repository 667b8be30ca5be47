"""One batch of requests through a machine."""

from simcore.pipelines.critical_path import PathKind
from simcore.pipelines.disaggregated import DisaggregatedPDSystemPP
from simcore.pipelines.graph import pipeline_graph
from simcore.pipelines.plan import PipelinePlan
from simcore.pipelines.planning import make_plan
from simcore.pipelines.rules import TransferRules
from simcore.pipelines.tags import (
    Activations,
    Background,
    DecodeActivations,
    DecodeCollective,
    DecodePass,
    Handoff,
    PrefillCollective,
    PrefillPass,
)

__all__ = [
    "Activations",
    "Background",
    "DecodeActivations",
    "DecodeCollective",
    "DecodePass",
    "DisaggregatedPDSystemPP",
    "Handoff",
    "PathKind",
    "PipelinePlan",
    "PrefillCollective",
    "PrefillPass",
    "TransferRules",
    "make_plan",
    "pipeline_graph",
]
