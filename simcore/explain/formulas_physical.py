"""The formulas of the `physical` cost model."""

from simcore.explain.formula import Formula

ROOFLINE = "roofline: Williams, Waterman & Patterson, CACM 52(4), 2009"
ARCHITECTURE = "the model's published architecture, counted layer by layer"
MEGATRON = "divided as Shoeybi et al., Megatron-LM, arXiv:1909.08053, section 3"
LATENT = "latent attention: DeepSeek-AI, arXiv:2405.04434, section 2.1"

PRODUCTS = (
    "A",
    "weights on one GPU that a token meets in the stage: attention projections, the feed-forward "
    "block, or of a mixture of experts the router, the experts visited and the shared ones; of "
    "all but the router and the way down to latent vectors a GPU has 1 / TP, and of fewer KV heads "
    "than TP one",
)
PAIR = (
    "p",
    "operations for each pair of a token and one it looks at: 2 · heads on one GPU, H_q / TP · "
    "(width of a score + width of a value); in decode with latent attention the compressed widths",
)
KV_SYMBOL = ("b", "KV cache of one token in one layer on one GPU [byte]")
REQUESTS = (
    "n",
    "requests that a GPU has in the pass: N / DP, rounded up; in decode of one micro-batch",
)
EXPERTS = (
    "experts",
    "their GPUs compute what all attention groups send: of the group of experts with the most",
)

PHYSICAL = (
    Formula(
        key="pass",
        name="Duration of a pass",
        expression="t = max(FLOP / peak, bytes / bandwidth)",
        symbols=(
            (
                "peak",
                "operations per second in dense BF16; FP8 for a model that computes in it, where "
                "the GPU can",
            ),
            ("bandwidth", "of the GPU's memory"),
        ),
        unit="s",
        source=f"{ROOFLINE}; a lower bound",
    ),
    Formula(
        key="prefill_flop",
        name="Operations of a prefill pass",
        expression="FLOP = n · 2 · s · A + n · p · Σ_layers (s · o + s · (s + 1) / 2)",
        symbols=(
            ("s", "new tokens: M, or what is left of T in the last chunk"),
            ("o", "tokens before them"),
            PRODUCTS,
            PAIR,
            ("pairs", "of a sliding-window layer no more than the window for each token"),
            REQUESTS,
            EXPERTS,
            ("head", "the last stage adds n · 2 · vocabulary · H / TP in the last chunk"),
        ),
        unit="FLOP",
        source="two operations per weight and token: Kaplan et al., arXiv:2001.08361, section 2.1; "
        f"causal attention pair by pair; {LATENT}",
    ),
    Formula(
        key="prefill_bytes",
        name="Bytes of a prefill pass",
        expression="bytes = weights read + n · b · Σ_layers (o + s)",
        symbols=(
            (
                "weights read",
                "those of the stage's layers on one GPU; of E routed experts, m tokens that draw "
                "k each at random touch E · (1 − (1 − k/E)ᵐ) on average; the last stage adds the "
                "output head in the last chunk",
            ),
            KV_SYMBOL,
            ("o + s", "in a sliding-window layer min(o, window − 1) + s"),
            REQUESTS,
        ),
        unit="B",
        source=ARCHITECTURE,
    ),
    Formula(
        key="decode_flop",
        name="Operations of a decode pass",
        expression="FLOP = n · 2 · A + n · p · Σ_layers (o + 1)",
        symbols=(
            ("o", "tokens before the new one: T, and one more with each step"),
            PRODUCTS,
            PAIR,
            REQUESTS,
            EXPERTS,
            ("head", "the last stage adds n · 2 · vocabulary · H / TP"),
        ),
        unit="FLOP",
        source=f"as in prefill; absorbed form of {LATENT}",
    ),
    Formula(
        key="decode_bytes",
        name="Bytes of a decode pass",
        expression="bytes = weights read + n · b · Σ_layers (o + 1)",
        symbols=(
            ("weights read", "as in prefill; the last stage always adds the head"),
            KV_SYMBOL,
            REQUESTS,
        ),
        unit="B",
        source=ARCHITECTURE,
    ),
    Formula(
        key="kv_per_token",
        name="KV cache of one token in one layer",
        expression="b = 2 · h · d · e; with latent attention (d_latent + d_rope) · e",
        symbols=(
            ("h", "KV heads on one GPU: H_kv / TP, one at least"),
            ("d", "width of a head"),
            ("e", "bytes of an element: 2 in BF16"),
            ("d_latent, d_rope", "widths of the one vector that all heads share"),
        ),
        unit="B",
        source=f"grouped queries: Ainslie et al., EMNLP 2023; {LATENT}",
    ),
    Formula(
        key="handoff_bytes",
        name="Size of a KV handoff",
        expression="size = n · b · Σ_layers tokens",
        symbols=(
            ("n", "requests that the GPU that sends and the one that receives both have"),
            (
                "b",
                "KV cache of one token in one layer, of the heads that one GPU sends the other "
                "[byte]: of those that both hold; where several hold a head, they send it in turn",
            ),
            ("layers", "that the prefill and the decode stage both hold"),
            ("tokens", "of the chunk; in a sliding-window layer those that decode still looks at"),
        ),
        unit="B",
        source=ARCHITECTURE,
    ),
    Formula(
        key="activation_bytes",
        name="Size of prefill activations",
        expression="size = n · s · H · e / TP",
        symbols=(
            ("s", "tokens of the chunk"),
            ("e", "bytes of an element: 2 in BF16"),
            REQUESTS,
            ("TP", "each GPU sends its part of a vector to its namesake, which gather them"),
        ),
        unit="B",
        source="the residual stream in BF16, a vector for each token",
    ),
    Formula(
        key="decode_activation_bytes",
        name="Size of decode activations",
        expression="size = n · H · e / TP",
        symbols=(
            ("e", "bytes of an element: 2 in BF16"),
            REQUESTS,
            ("TP", "each GPU sends its part of a vector to its namesake, which gather them"),
        ),
        unit="B",
        source="the residual stream in BF16, a vector for each request",
    ),
    Formula(
        key="weights_memory",
        name="Memory of a stage's weights on one GPU",
        expression="weights = part of (Σ_layers of the stage + embedding + head)",
        symbols=(
            (
                "part",
                "of one GPU: 1 / TP of every matrix, of all experts together 1 / (TP · DP); the "
                "whole of the router and of the way down to latent vectors; of fewer KV heads than "
                "TP one",
            ),
            ("embedding", "on the first stage: vocabulary · H"),
            ("head", "on the last stage: vocabulary · H; one table for both where they share it"),
        ),
        unit="B",
        source=f"{ARCHITECTURE}; {MEGATRON}",
    ),
    Formula(
        key="kv_memory",
        name="Memory of a stage's KV cache on one GPU when it is fullest",
        expression="KV = n · b · Σ_layers t",
        symbols=(
            ("n", "requests of an attention group: N / DP, rounded up; in decode of all "
             "micro-batches"),
            ("t", "T in the prefill pool, T + O in the decode pool; a window's worth at most in a "
             "sliding-window layer"),
            KV_SYMBOL,
        ),
        unit="B",
        source=ARCHITECTURE,
    ),
)  # fmt: skip
