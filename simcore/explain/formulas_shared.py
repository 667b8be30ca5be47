"""The formulas that hold whatever the cost model."""

from simcore.explain.formula import Formula

DEFINITION = "a definition of this project"
FAIRNESS = "max-min fairness: Bertsekas & Gallager, Data Networks, 2nd ed., 1992, section 6.5.2"

SHARED = (
    Formula(
        key="ttds",
        name="Time to decode start",
        expression="TTDS = start of the first decode pass − arrival "
        "= Σ of the critical path's parts until then",
        unit="s",
        source=DEFINITION,
    ),
    Formula(
        key="tpot",
        name="Time per output token",
        expression="TPOT = Σ over the O steps (end of the last stage's pass − start of the first "
        "stage's) / O; of several micro-batches, the mean time from a token to the next",
        unit="s",
        source=DEFINITION,
    ),
    Formula(
        key="ttft",
        name="Time to first token",
        expression="TTFT = TTDS + first decode step",
        unit="s",
        source=DEFINITION,
    ),
    Formula(
        key="bubble",
        name="Pipeline bubble",
        expression="bubble = 1 − Σ durations of all prefill passes, collectives included / "
        "(PP · end of the last prefill pass)",
        unit="",
        source="the idle share of a pipeline's devices: Huang et al., GPipe, NeurIPS 2019",
    ),
    Formula(
        key="handoff_exposed",
        name="KV handoff exposed",
        expression="exposed = time in which KV cache is on its way and no prefill pass runs",
        unit="s",
        source=DEFINITION,
    ),
    Formula(
        key="handoff_hidden",
        name="KV handoff hidden",
        expression="hidden = time in which KV cache is on its way − exposed",
        unit="s",
        source=DEFINITION,
    ),
    Formula(
        key="memory",
        name="Memory of a pool's fullest GPU",
        expression="weights + KV + x ≤ V · memory of the GPU",
        symbols=(
            ("V", "the VRAM share that weights and KV cache may fill"),
            (
                "x",
                "activations and collectives' buffers that do not fit into the rest, which is set "
                "aside for them and for the engine; mostly none",
            ),
        ),
        unit="B",
        source=DEFINITION,
    ),
    Formula(
        key="transfer",
        name="Duration of a transfer",
        expression="t = Σ latency + size / bandwidth + waiting",
        symbols=(
            ("latency", "of each channel on the path, once each [s]"),
            ("bandwidth", "of the narrowest channel on the path [byte/s]"),
            ("waiting", "what sharing channels with other transfers costs, max-min fair [s]"),
        ),
        unit="s",
        source=FAIRNESS,
    ),
    Formula(
        key="collective",
        name="Collectives of a pass",
        expression="t = Σ over its collectives (how many · time alone)",
        symbols=(
            (
                "time alone",
                "of one, from latencies and bandwidths of the wires between its GPUs, "
                "or as measured [s]",
            ),
        ),
        unit="s",
        source="startup and bytes of each round: Thakur, Rabenseifner & Gropp, Optimization of "
        "Collective Communication Operations in MPICH, 2005",
    ),
)
