"""What a cluster is and what is asked of it, as a value and as a file."""

from simcore.serving.scenario.cluster_scenario import ClusterScenario
from simcore.serving.scenario.fabric import FabricFields
from simcore.serving.scenario.pools import PoolFields
from simcore.serving.scenario.specification import aggregated, cluster_of

__all__ = ["ClusterScenario", "FabricFields", "PoolFields", "aggregated", "cluster_of"]
