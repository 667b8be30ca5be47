"""The machine a scenario runs on, and the same with faster links."""

import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import gpu_catalog
from simcore.costs import CostModel
from simcore.errors import ScenarioError
from simcore.scenario import Scenario
from simcore.topologies import ReferenceFabric
from simcore.topologies.reference import LINKS

# A fabric remembers rates it has solved for: moving a slider does not solve for them again. What-if
# runs around one scenario use about a dozen.
MOST_FABRICS = 32

LEAST_FACTOR, MOST_FACTOR = 1e-3, 1e3

# Factors on the bandwidth of links, by name, in the order of names.
Factors = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class ScaledLink:
    """A link, changed: its bandwidth [byte/s] and latency [s]."""

    bandwidth: float
    latency: float


def factors_of(faster: Mapping[str, float] | None) -> Factors:
    """The factors in `faster`, fit for a cache's key.

    Raises ScenarioError for a link that is not in use and a factor that is out of range.
    """
    if faster is None:
        return ()
    if not isinstance(faster, Mapping):
        raise ScenarioError(
            f"faster maps names of links to factors; {type(faster).__name__} is no mapping"
        )
    for name, factor in faster.items():
        if name not in LINKS:
            raise ScenarioError(
                f"faster: no link in use is called {str(name)[:60]!r}; use {', '.join(LINKS)}"
            )
        if isinstance(factor, bool) or not isinstance(factor, numbers.Real):
            raise ScenarioError(f"faster: the factor on {name} is not a number")
        if not LEAST_FACTOR <= factor <= MOST_FACTOR:  # NaN is not, either
            raise ScenarioError(
                f"faster: the factor on {name} is not from {LEAST_FACTOR:g} to {MOST_FACTOR:g}"
            )
    return tuple(sorted((name, float(factor)) for name, factor in faster.items()))


def topology_of(scenario: Scenario, costs: CostModel, faster: Factors = ()) -> ReferenceFabric:
    """The machine the scenario runs on; scenarios on like machines share one.

    Parameters
    ----------
    faster : factors on the bandwidth of links, by name, in the order of names
    """
    return _fabric(
        scenario.pp,
        scenario.decode_stages,
        scenario.prefill_nics,
        costs.link,
        costs.semantics.full_duplex,
        gpu_catalog.llm(scenario.llm).layers,
        faster,
        gpu_catalog.overlay_digest(),
    )


@lru_cache(maxsize=MOST_FABRICS)
def _fabric(prefill_gpus, decode_gpus, prefill_nics, link, full_duplex, layers, faster, added):
    # `link` finds links by name, which may mean another one where something lies over the catalog.
    del added
    # Which routes are in use, and so their numbers, depends on where the layers meet. Were a fabric
    # shared by models of other depths, last digits would depend on which of them had run before.
    del layers
    return ReferenceFabric(
        prefill_gpus=prefill_gpus,
        decode_gpus=decode_gpus,
        prefill_nics=prefill_nics,
        link=_scaled(link, dict(faster)) if faster else link,
        full_duplex=full_duplex,
    )


def _scaled(link, factors):
    def scaled(name):
        plain = link(name)
        return ScaledLink(plain.bandwidth * factors.get(name, 1.0), plain.latency)

    return scaled
