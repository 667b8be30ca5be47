"""What ran before in a process leaves no trace in what runs after."""

from simcore import Scenario, run
from simcore.machine import _fabric, topology_of
from simcore.run import cost_model_of

UNEVEN = Scenario(pp=7, decode_pp=3, batch_size=16, prompt_tokens=2000, chunk_tokens=90)


def result_and_routes():
    trace = run(UNEVEN).trace.to_csv()
    routes = topology_of(UNEVEN, cost_model_of(UNEVEN)).routes
    return trace, [[channel.name for channel in path] for path in routes.paths]


def test_a_result_does_not_depend_on_earlier_runs():
    """Nor do the numbers of its routes, by which ties break and sums are ordered."""
    _fabric.cache_clear()
    alone = result_and_routes()
    _fabric.cache_clear()
    for llm in ("GPT-OSS-20B", "Mistral-Small-24B", "Qwen2.5-72B"):
        run(UNEVEN.replace(llm=llm))
    run(UNEVEN.replace(batch_size=3, chunk_tokens=64))
    assert result_and_routes() == alone
