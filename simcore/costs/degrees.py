"""Which degrees of parallelism a model can be spread by; others are refused with those that can."""

from gpu_catalog import LLM, GroupedQueryAttention
from simcore.costs.plan import Pool, Workload
from simcore.errors import ScenarioError


def divisors(number: int) -> list[int]:
    """The divisors of `number`, in order."""
    return [d for d in range(1, number + 1) if number % d == 0]


def tp_degrees(llm: LLM) -> list[int]:
    """Tensor-parallel degrees that give each GPU as many query heads, and whole KV heads.

    There are as many KV heads on each, or each on as many GPUs, as engines require.
    """
    degrees = divisors(llm.attention.query_heads)
    if isinstance(llm.attention, GroupedQueryAttention):
        kv = llm.attention.kv_heads
        degrees = [tp for tp in degrees if kv % tp == 0 or tp % kv == 0]
    return degrees


def refuse_wrong_degrees(llm: LLM, workload: Workload, pools: tuple[Pool, ...]) -> None:
    """Raises ScenarioError, naming the field and what can be used, for what cannot be run."""
    for pool in pools:
        own = "decode_" if pool.name == "decode" else ""
        _refuse_wrong_layers(llm, pool, own)
        _refuse_wrong_heads(llm, pool, own)
        _refuse_wrong_experts(llm, pool, own)
        if pool.cp > 1:
            raise ScenarioError(
                f"cp = {pool.cp}: context parallelism is not modelled; use cp = 1", field="cp"
            )
    parts, n = workload.decode_microbatches, workload.batch_size
    if n % parts:
        raise ScenarioError(
            f"decode_microbatches = {parts} does not divide the {n} requests; use one of "
            f"{_listed(divisors(n))}",
            field="decode_microbatches",
        )


def _refuse_wrong_layers(llm, pool, own):
    counts, field = pool.layer_counts, f"{own}layer_split"
    if counts is None:
        return
    told = f"{field} = {','.join(map(str, counts))}"
    if len(counts) != pool.pp:
        raise ScenarioError(
            f"{told} lists {len(counts)} stages, but {own}pp is {pool.pp}; list as many, or leave "
            "it empty for an even split",
            field=field,
        )
    if sum(counts) != llm.layers:
        raise ScenarioError(
            f"{told} adds up to {sum(counts)} layers, but {llm.name} has {llm.layers}; make it "
            f"{llm.layers}, or leave it empty for an even split",
            field=field,
        )


def _refuse_wrong_heads(llm, pool, own):
    known = tp_degrees(llm)
    if pool.tp in known:
        return
    a = llm.attention
    if a.query_heads % pool.tp:
        problem = f"does not divide the {a.query_heads} attention heads of {llm.name}"
    else:
        problem = (
            f"neither divides the {a.kv_heads} key-value heads of {llm.name} nor is a multiple of "
            "them"
        )
    raise ScenarioError(
        f"{own}tp = {pool.tp} {problem}; use one of {_listed(known)}", field=f"{own}tp"
    )


def _refuse_wrong_experts(llm, pool, own):
    if llm.experts is None:
        if pool.ep > 1:
            raise ScenarioError(
                f"{own}ep = {pool.ep}: EP needs a mixture of experts, and {llm.name} is dense; use "
                f"{own}ep = 1",
                field=f"{own}ep",
            )
        if pool.dp > 1:
            raise ScenarioError(
                f"{own}dp = {pool.dp}: attention groups share experts, and {llm.name} has none: "
                f"they would be replicas of it; use {own}dp = 1",
                field=f"{own}dp",
            )
        return
    fitting = [ep for ep in divisors(pool.stage_gpus) if ep <= llm.experts.experts]
    if pool.ep in fitting:
        return
    if pool.ep > llm.experts.experts:
        problem = f"exceeds the {llm.experts.experts} experts of {llm.name}"
    else:
        problem = (
            f"does not divide the {pool.stage_gpus} GPUs of a stage ({own}tp = {pool.tp} x "
            f"{own}dp = {pool.dp})"
        )
    raise ScenarioError(
        f"{own}ep = {pool.ep} {problem}; use one of {_listed(fitting)}", field=f"{own}ep"
    )


def _listed(values):
    return ", ".join(f"{value:,}" for value in values)
