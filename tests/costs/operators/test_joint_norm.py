"""Queries and keys that are normalised over all heads together are summed over all ranks."""

from dataclasses import replace

import numpy as np
import pytest

import gpu_catalog
from simcore.calibration.steps import ranks_of
from simcore.costs.operators.layer import Batch, step_times
from simcore.costs.transformer import slice_of

JOINT = gpu_catalog.llm("MiniMax-M2.5")
APART = replace(JOINT, attention=replace(JOINT.attention, joint_norm=False))
BATCH = Batch(decodes=np.array([1.0, 64.0]), context=1000.0, outputs=np.array([1.0, 64.0]))


def collectives(llm, tp):
    ranks = ranks_of(gpu_catalog.gpu("NVIDIA H100"), tp, repeated=False)
    return step_times(llm, slice_of(llm, range(llm.layers)), BATCH, ranks).collectives


def test_each_layer_reduces_once_more_among_ranks():
    """A few bytes per token: less than the two reductions of activations, by half at most."""
    more = collectives(JOINT, 4) - collectives(APART, 4)
    assert (more > 0).all()
    assert (more <= collectives(APART, 4) / 2).all()


def test_a_lone_gpu_has_nobody_to_sum_with():
    assert collectives(JOINT, 1) == pytest.approx([0, 0])
