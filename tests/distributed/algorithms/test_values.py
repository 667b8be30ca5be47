"""With real values every algorithm gives what one device gives, and sends what sizes alone send."""

from dataclasses import replace

import numpy as np
import pytest

from simcore.distributed import simulate, star
from simcore.distributed.algorithms import ALGORITHMS, Settings, program_for
from simcore.distributed.models import Model, VirtualMaths, shares
from simcore.errors import ScenarioError

torch = pytest.importorskip("torch", reason="values need torch")
from simcore.distributed.models import torch_models, torch_vit  # noqa: E402 behind that check

pytestmark = pytest.mark.usefixtures("torch_on_one_thread")

NETWORK = star(12.5e6, 1e-3)
POSITION_WISE = ["voltage", "kilovolts", "voltage-direct", "kilovolts-direct", "ring-attention"]
MESSAGES = ["source", "target", "bytes", "tag", "operation", "start_s", "end_s"]


def _settings(model, ranks, **more):
    return Settings(model=model, ranks=ranks, tokens=11, batch=3, micro_batches=2, **more)


def _run(name, settings, values=True):
    program = program_for(name, settings, values=values)
    return simulate(program, settings.ranks, network=NETWORK)


def _expected(settings):
    maths = torch_models.maths_of(settings.shape)
    return maths.on_one_device(maths.inputs(settings.batch, settings.tokens))


def _close(one, other):
    return torch.allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("ranks", [2, 3, 4])
@pytest.mark.parametrize("model", ["small Llama", "small ViT"])
def test_tensor_parallel(model, ranks):
    """Five heads of the one and four of the other shared by up to four: unevenly, too."""
    settings = _settings(model, ranks)
    expected = _expected(settings)
    values = _run("tensor-parallel", settings).values
    assert all(_close(value, expected) for value in values)
    # The same bits on every rank, as all reduce in the same order.
    assert all(torch.equal(value, values[0]) for value in values)


def test_ranks_communicate_from_inside_the_model_s_forward():
    """So that a model may be handed to whatever calls it, as one of torch is."""
    maths = torch_models.maths_of(Settings(model="small Llama").shape)
    inside = []

    class Watched(type(maths)):
        def forward(self, inputs, run):
            inside.append("in")
            outputs = super().forward(inputs, run)
            inside.append("out")
            return outputs

    maths.__class__ = Watched

    class Comm:
        rank, size = 0, 1

        def compute(self, *told, **named):
            pass

        def all_reduce(self, payload):
            inside.append("all_reduce")
            return payload

    settings = _settings("small Llama", 1)
    program = ALGORITHMS["tensor-parallel"].program
    program(Comm(), Model(maths, Comm()), maths.inputs(3, 11), settings)
    assert inside == ["in", *["all_reduce"] * 2 * settings.shape.layers, "out"]


@pytest.mark.parametrize("ranks", [2, 3, 4])
@pytest.mark.parametrize("model", ["small Llama", "small ViT", "small mixture of experts"])
def test_pipelines_give_the_same_bits_as_one_device(model, ranks):
    """Three sequences in two micro-batches; one device is given the same micro-batches."""
    settings = _settings(model, min(ranks, 3 if model != "small Llama" else 4))
    *others, outputs = _run("pipeline-parallel", settings).values
    assert others == [None] * len(others)
    maths = torch_models.maths_of(settings.shape)
    inputs = maths.inputs(settings.batch, settings.tokens)
    pieces = maths.split_batch(inputs, shares(settings.batch, settings.micro_batches))
    assert [len(piece) for piece in pieces] == [2, 1]
    for piece, output in zip(pieces, outputs, strict=True):
        assert torch.equal(output, maths.on_one_device(piece))


@pytest.mark.parametrize(("ranks", "tp"), [(2, 1), (4, 2), (3, 3)])
def test_tensor_and_pipeline_parallel(ranks, tp):
    settings = _settings("small Llama", ranks, tp=tp)
    values = _run("tensor-pipeline", settings).values
    expected = _expected(settings)
    for rank, outputs in enumerate(values):
        if rank < ranks - tp:
            assert outputs is None
        else:
            assert _close(torch.cat(outputs), expected)


@pytest.mark.parametrize("ranks", [2, 3, 4])
@pytest.mark.parametrize("model", ["small Llama", "small ViT"])
@pytest.mark.parametrize("name", POSITION_WISE)
def test_position_wise(name, model, ranks):
    """Eleven positions over up to four ranks. The last position of a Llama answers, the first of a
    vision transformer."""
    settings = _settings(model, ranks)
    values = _run(name, settings).values
    answering = ranks - 1 if model == "small Llama" else 0
    assert [rank for rank, value in enumerate(values) if value is not None] == [answering]
    assert _close(values[answering], _expected(settings))


@pytest.mark.parametrize("ranks", [2, 3])
def test_expert_parallel(ranks):
    """Tokens go wherever the router sends them, in counts that no rank knows beforehand."""
    settings = _settings("small mixture of experts", ranks)
    values = _run("expert-parallel", settings).values
    assert [len(value) for value in values] == [b - a for a, b in shares(3, ranks)]
    assert _close(torch.cat(values), _expected(settings))


@pytest.mark.parametrize("name", [n for n in ALGORITHMS.names() if n != "expert-parallel"])
def test_sizes_alone_send_the_same_messages_at_the_same_times(name):
    settings = _settings("small Llama", 2, requests=3)
    with_values, sizes_only = _run(name, settings), _run(name, settings, values=False)
    assert len(sizes_only.trace.messages) > 0
    assert with_values.trace.messages[MESSAGES].equals(sizes_only.trace.messages[MESSAGES])
    assert with_values.seconds == sizes_only.seconds


def test_with_the_same_routing_experts_are_sent_the_same_messages():
    settings = _settings("small mixture of experts", 2)
    maths = torch_models.maths_of(settings.shape)
    routed, route = {}, maths.route

    def noting(layer, x):
        chosen, weights = route(layer, x)
        routed[layer, x.shape[0]] = chosen
        return chosen, weights

    maths.route = noting
    program = ALGORITHMS["expert-parallel"].program

    def run(maths):
        def rank_program(comm):
            model = Model(maths, comm, settings.device)
            return program(comm, model, maths.inputs(settings.batch, settings.tokens), settings)

        return simulate(rank_program, 2, network=NETWORK)

    with_values = run(maths)
    # Rank 0 has two sequences and rank 1 has one, by which their routes can be told apart.
    sizes = VirtualMaths(settings.shape, lambda layer, rows: routed[layer, rows // 11])
    sizes_only = run(sizes)
    counts = with_values.trace.messages["bytes"]
    assert counts.nunique() > 3, "the router sends everyone the same: nothing is tried"
    assert with_values.trace.messages[MESSAGES].equals(sizes_only.trace.messages[MESSAGES])
    assert with_values.seconds == sizes_only.seconds


def test_images_become_patches():
    """Places inside a patch run first along channels, then down, then right."""
    images = torch.arange(2 * 3 * 8 * 8, dtype=torch.float32).reshape(2, 3, 8, 8)
    patches = torch_vit.patches_of(images, 4)
    assert patches.shape == (2, 4, 48)
    corner = images[1, :, 4:, :4].reshape(-1)
    assert torch.equal(patches[1, 2], corner)


def test_attention_in_parts_is_attention():
    """Against torch's own, causal, with shared key-value heads."""
    maths = torch_models.maths_of(Settings(model="small Llama").shape)
    model = Model(maths, None)
    share = model.layers[0].share
    generator = torch.Generator().manual_seed(5)
    queries = torch.randn(2, 9, 8, 6, generator=generator)
    keys_values = torch.randn(2, 2, 9, 4, 6, generator=generator)
    expected = torch.nn.functional.scaled_dot_product_attention(
        queries.transpose(1, 2),
        keys_values[0].transpose(1, 2),
        keys_values[1].transpose(1, 2),
        is_causal=True,
        enable_gqa=True,
    ).transpose(1, 2)
    assert _close(maths.attend(queries, keys_values, 0, 0, share), expected)
    late = queries[:, 5:]
    parts = [
        maths.partial(late, maths.cut_keys_values(keys_values, a, b), 5, a, share)
        for a, b in [(0, 4), (4, 9)]
    ]
    assert _close(maths.finished(maths.merged(*parts)), expected[:, 5:])


def test_weights_are_the_same_for_the_same_seed_only():
    shape = Settings(model="small ViT").shape
    one, same, other = (torch_models.maths_of(shape, seed) for seed in (3, 3, 4))
    assert all(map(torch.equal, one.parameters(), same.parameters()))
    assert not torch.equal(one.layers[0].query, other.layers[0].query)


def test_a_model_too_large_to_compute_is_refused():
    settings = Settings(model="LLaMA-3.1-8B")
    with pytest.raises(ScenarioError, match="take a small model, or fewer layers"):
        torch_models.maths_of(settings.shape)


def test_rows_of_no_expert_are_left_alone():
    """A mixture whose router never takes one expert still adds up."""
    shape = replace(Settings(model="small mixture of experts").shape, layers=1)
    maths = torch_models.maths_of(shape)
    x = maths.embed(maths.inputs(1, 2))
    chosen, gates = maths.route(0, x)
    used = np.unique(chosen)
    assert len(used) < shape.experts
    total = maths.feed_forward(0, x, Model(maths, None).layers[0].share)
    rows = maths.layers[0].block_norm(x).flatten(0, 1)
    by_hand = [
        sum(gates[row, slot] * maths.expert(0, int(expert), rows[row]) for slot, expert in pairs)
        for row, pairs in enumerate(map(enumerate, chosen))
    ]
    assert _close(total, torch.stack(by_hand)[None])
