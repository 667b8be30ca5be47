"""A scenario: everything a run depends on, as one frozen value."""

import dataclasses
import json
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import yaml

import gpu_catalog
from simcore.costs import COST_MODELS, Pool, Workload
from simcore.costs.plan import ROUTINGS, ExpertPlacement, split_of
from simcore.costs.serving_engines import serving_engine
from simcore.errors import ScenarioError
from simcore.fields import BatchFields, FabricFields, ParallelismFields, TransferFields
from simcore.parameters import parameters_of
from simcore.scenario_text import text_of, values_in
from simcore.topologies.reference import REFERENCE


@dataclass(frozen=True, kw_only=True)
class Scenario(TransferFields, FabricFields, ParallelismFields, BatchFields):
    """One batch of requests through a disaggregated prefill/decode pipeline.

    Frozen and hashable, so it is its own cache key; equal scenarios give equal results, byte for
    byte. Raises ScenarioError where a value is out of range or names nothing known.
    """

    def __post_init__(self):
        for name, info in parameters_of(type(self)).items():
            object.__setattr__(self, name, info.check(name, getattr(self, name)))

    @property
    def decode_stages(self) -> int:
        """Pipeline-parallel degree of the decode pool."""
        return self.pp if self.decode_pp is None else self.decode_pp

    @property
    def nics(self) -> int | None:
        """K, the NICs in use of a machine; None for all that it has."""
        if self.prefill_nics is None and self.topology == REFERENCE:
            return 1
        return self.prefill_nics

    @property
    def nics_told(self) -> str:
        """The NICs in use, in words."""
        return "all NICs" if self.nics is None else f"K {self.nics}"

    @property
    def costs_told(self) -> str:
        """By which costs it is reckoned, in words."""
        costs = f"{self.cost_model} costs"
        if COST_MODELS[self.cost_model].knows_engines:
            return f"{costs}, {self.engine}"
        return costs

    @cached_property
    def workload(self) -> Workload:
        """The requests, as the cost models take them."""
        return Workload(
            batch_size=self.batch_size,
            prompt_tokens=self.prompt_tokens,
            chunk_tokens=self.chunk_tokens,
            output_tokens=self.output_tokens,
            decode_microbatches=self.decode_microbatches,
        )

    @cached_property
    def prefill_pool(self) -> Pool:
        """The GPUs that prefill."""
        return self._pool("prefill", self.prefill_gpu, self.pp)

    @cached_property
    def decode_pool(self) -> Pool:
        """The GPUs that decode."""
        return self._pool("decode", self.decode_gpu, self.decode_stages)

    def _pool(self, name, gpu, pp):
        own = "decode_" if name == "decode" else ""

        def degree(field):
            value = getattr(self, own + field)
            return getattr(self, field) if value is None else value

        split = getattr(self, f"{own}layer_split")
        return Pool(
            name=name,
            gpu=gpu_catalog.gpu(gpu),
            pp=pp,
            tp=degree("tp"),
            dp=degree("dp"),
            ep=degree("ep"),
            cp=self.cp,
            layer_counts=split_of(split) if split else None,
            expert_placement=ExpertPlacement(self.expert_placement),
            routing=ROUTINGS[self.routing],
            seed=self.seed,
            release=serving_engine(self.engine).release,
        )

    def replace(self, **changes) -> "Scenario":
        """A scenario that differs in `changes`; raises ScenarioError as the constructor does."""
        return type(self).from_dict({**self.to_dict(), **changes})

    def to_dict(self) -> dict[str, Any]:
        """Field names to values, in order; `from_dict` reads it back."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}

    @classmethod
    def from_dict(cls, values) -> "Scenario":
        """The scenario that a mapping of field names describes; absent fields keep their default.

        Raises ScenarioError for anything but a mapping and for a key that is no field.
        """
        if not isinstance(values, dict):
            raise ScenarioError(
                f"a scenario is a mapping of field names to values, not {type(values).__name__}"
            )
        known = parameters_of(cls)
        for key in values:
            if key not in known:
                near = get_close_matches(str(key), known, n=1)
                hint = f"did you mean {near[0]}? " if near else ""
                raise ScenarioError(
                    f"unknown key {str(key)[:60]!r}; {hint}the fields are {', '.join(known)}"
                )
        return cls(**values)

    def to_json(self) -> str:
        """The scenario as a JSON object."""
        return json.dumps(self.to_dict(), indent=2)

    def to_yaml(self) -> str:
        """The scenario as a YAML mapping."""
        return yaml.safe_dump(self.to_dict(), sort_keys=False)

    @classmethod
    def from_text(cls, text: str) -> "Scenario":
        """The scenario in a JSON or YAML text; raises ScenarioError where it is neither."""
        return cls.from_dict(values_in(text))

    @classmethod
    def load(cls, path) -> "Scenario":
        """The scenario in the JSON or YAML file `path`; errors name the file."""
        try:
            return cls.from_text(text_of(path))
        except ScenarioError as error:
            raise ScenarioError(f"{path}: {error}", field=error.field) from None
