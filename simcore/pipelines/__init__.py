"""One batch of requests through a machine."""

from simcore.pipelines.critical_path import PathKind
from simcore.pipelines.disaggregated import DisaggregatedPDSystemPP
from simcore.pipelines.graph import pipeline_graph
from simcore.pipelines.plan import PipelinePlan, make_plan
from simcore.pipelines.tags import (
    Activations,
    DecodeActivations,
    DecodePass,
    Handoff,
    PrefillPass,
)

__all__ = [
    "Activations",
    "DecodeActivations",
    "DecodePass",
    "DisaggregatedPDSystemPP",
    "Handoff",
    "PathKind",
    "PipelinePlan",
    "PrefillPass",
    "make_plan",
    "pipeline_graph",
]
