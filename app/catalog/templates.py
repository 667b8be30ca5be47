"""What a new item starts from: a text in TOML that says of each key what belongs there."""

from dataclasses import replace

from simcore.costs.constants import toml_text
from simcore.costs.serving_engines import serving_engine
from simcore.scenario import Scenario

TEMPLATES = {
    "gpu": """\
name = "My GPU"
product = "the exact product the numbers belong to"
vendor = "its maker"
memory_MiB = 81559       # what the driver reports, not the GB on the box
bandwidth_GBps = 3350    # peak of the memory
# Without sparsity, which data sheets like to print; leave out what it has not.
dense_TFLOPS = { bf16 = 989.4, fp8 = 1978.9 }
# fabric = { name = "NVLink 4", GBps = 450, gpus = 8, wiring = "switch" } # one way; "pairs", "mesh"
# pcie = 5
# power_W = 700
# rent = { usd = [2.5, 4], seen = "2026-05", source = "an offer" }    # per GPU and hour
source = "data sheet, section 2"
checked = 2026-11-21
confidence = "low"       # or "medium" or "high"
notes = ""
""",
    "llm": """\
name = "My model"
layers = 32
hidden = 4096            # width of the residual stream
intermediate = 14336     # inner width of the dense feed-forward block
vocabulary = 128256
tied_embeddings = false  # whether embedding and output head share their weights
weight_dtype = "bf16"    # or fp8, int8, mxfp4, nvfp4, int4
bytes_per_parameter = 2  # of those weights, scales included
embedding_bytes_per_parameter = 2
kv_bytes_per_element = 2
activation_bytes_per_element = 2
gemm_dtype = "bf16"      # what matrix products run in: or fp8, int8, fp4
source = "config.json of its repository"
checked = 2026-11-21
confidence = "low"       # or "medium" or "high"
notes = ""

[attention]
kind = "grouped-query"   # MHA has as many kv_heads as query_heads; "latent" is MLA
query_heads = 32
kv_heads = 8
head_dim = 128

# [experts]
# experts = 128          # routed ones in a layer
# active = 8             # that a token visits
# intermediate = 768     # inner width of one
# shared = 0             # that every token visits
# dense_layers = 0       # leading layers without experts
# bytes_per_parameter = 2
""",
    "link": """\
name = "My link"
product = "400G Ethernet with RoCE"
peak_GBps = 50             # one direction, after line coding; leave it out where there is none
bandwidth_GBps = [44, 48]  # effective, one direction: lowest and highest seen
latency_us = [2, 5]        # of one crossing: lowest and highest seen
source = "a measurement of your own"
checked = 2026-11-21
confidence = "low"         # or "medium" or "high"
notes = ""
""",
}


def templates() -> dict[str, str]:
    """Those, and for a serving engine the constants of the usual one, under another name."""
    release = replace(serving_engine(Scenario().engine).release, engine="mine", calibrated=False)
    return TEMPLATES | {"engine": toml_text(release)}
