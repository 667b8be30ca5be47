"""A disaggregated prefill/decode pipeline, twice: in one call, and put together by hand."""

from simcore import CommNetworkSimulator, DisaggregatedPDSystemPP, Scenario, run
from simcore.run import cost_model_of, plan_of, topology_of

# The specification's own program, to compare with; leave cost_model out for the physical model.
scenario = Scenario(prompt_tokens=8192, chunk_tokens=128, pp=8, cost_model="reference")

result = run(scenario)
print(f"TTDS {result.metrics.ttds_s:.10f} s, TPOT {result.metrics.tpot_s:.10f} s")
for kind, rows in result.trace.groupby("kind", observed=True):
    print(f"{len(rows):4} {kind:18}  {rows.bytes.sum():13,.0f} B")

# The same by hand: what passes cost, what joins the GPUs, both as a plan, and a system that
# carries it out, on a simulator that other work could share.
costs = cost_model_of(scenario)
simulator = CommNetworkSimulator()
system = DisaggregatedPDSystemPP(simulator, plan_of(scenario, costs, topology_of(scenario, costs)))
system.start()
simulator.run(system)
decode = [job for job in simulator.completed_compute if job.tag.kind == "decode"]
print(f"by hand, decode starts at {decode[0].start_time:.10f} s")

# To check: 64 chunks through 8 stages are 512 passes and 512 handoffs, and cross 7 borders. A
# chunk's activations are 2 B * 128 tokens * 8192 = 2097152 B, 448 of them 939524096 B; the KV cache
# of 8192 tokens is 2 * 2 B * 8192 * 80 layers * 8 heads * 128 = 2684354560 B.
