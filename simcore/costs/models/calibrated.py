"""`calibrated`: every kernel of a pass as a formula whose constants were fitted to measurements.

Times alone differ from `physical`: operations, bytes, memory, handoffs and semantics are the same.
What a serving engine adds to the kernels is not part of it. A GPU that nobody has calibrated gets
the constants of its nearest relative.
"""

from dataclasses import replace

import numpy as np

from simcore.costs.expected_error import calibrated_bands
from simcore.costs.hardware import chip_of, kernels_of
from simcore.costs.model import COST_MODELS
from simcore.costs.models.physical import PhysicalCosts
from simcore.costs.operators.layer import Batch, Ranks, step_times


@COST_MODELS.register("calibrated")
class CalibratedCosts(PhysicalCosts):
    """Kernel by kernel, with constants fitted to measured kernels of the GPU.

    Attributes
    ----------
    kernels : constants of each pool's GPU, by the pool's name; they say what they were fitted to
    """

    def __init__(self, *, llm, workload, prefill, decode):
        super().__init__(llm=llm, workload=workload, prefill=prefill, decode=decode)
        self.kernels = {pool.name: kernels_of(pool.gpu) for pool in (prefill, decode)}

    @staticmethod
    def expected_errors(*, llm, prefill, decode):
        """What the constants of both GPUs say of themselves."""
        return calibrated_bands(llm=llm, prefill=prefill, decode=decode)

    def _prefill_passes(self, part):
        n = float(self.workload.batch_size)
        last = np.arange(self.workload.chunks) == self.workload.chunks - 1
        batch = Batch(prompts=n, new=self._new, before=self._context, outputs=n * last)
        return self._timed(super()._prefill_passes(part), part, batch, "prefill")

    def _decode_passes(self, part):
        n = float(self.workload.batch_size)
        context = self.workload.prompt_tokens + np.arange(self.workload.output_tokens, dtype=float)
        batch = Batch(decodes=np.full_like(context, n), context=context, outputs=n)
        return self._timed(super()._decode_passes(part), part, batch, "decode")

    def _timed(self, costs, part, batch, pool_name):
        """`costs` with the kernels' times in place of the roofline's."""
        kernels = self.kernels[pool_name]
        chip = chip_of(self._pools[pool_name].gpu, kernels)
        times = step_times(self.llm, part, batch, Ranks(chip=chip, kernels=kernels))
        return replace(costs, seconds=times.total, parts=times.by_kind())
