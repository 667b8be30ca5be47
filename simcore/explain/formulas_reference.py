"""The formulas of the `reference` cost model; // is integer division."""

from simcore.explain.formula import Formula

SOURCE = "the specification's program, kept to the last digit"
CACHE = ("KV(N, t)", "2 · N · B · t · L · H_kv · (H / H_q), with latent attention "
         "2 · N · B · t · L · H_kv · d_latent; truncated")  # fmt: skip


def _formula(key, name, expression, unit, *symbols):
    return Formula(
        key=key, name=name, expression=expression, unit=unit, symbols=symbols, source=SOURCE
    )


REFERENCE = (
    _formula(
        "pass", "Duration of a pass", "t = max(FLOP / peak, bytes / (0.8 · bandwidth))", "s",
        ("peak, bandwidth", "of the GPU, as the specification has them"),
    ),
    _formula(
        "prefill_flop", "Operations of a prefill pass",
        "FLOP = 2 · N · M · (W // L) · (L // PP) + 4 · N · H · M² · (L // PP)", "FLOP",
        ("M", "every chunk counts as whole, and looks at itself alone"),
    ),
    _formula(
        "prefill_bytes", "Bytes of a prefill pass",
        "bytes = (W · B) // PP + KV(N, M) // PP", "B", CACHE,
    ),
    _formula(
        "decode_flop", "Operations of a decode pass",
        "FLOP = 2 · N · (W // PP) + (4 · N · t · (L // PP) · H) // PP", "FLOP",
        ("t", "T, and one more with each step"),
    ),
    _formula(
        "decode_bytes", "Bytes of a decode pass",
        "bytes = (W · B) // PP + KV(N, t) // PP", "B",
        ("t", "T, and one more with each step"), CACHE,
    ),
    _formula(
        "handoff_bytes", "Size of a KV handoff", "size = KV(N, M) // PP", "B", CACHE,
    ),
    _formula("activation_bytes", "Size of prefill activations", "size = N · B · M · H", "B"),
    _formula("decode_activation_bytes", "Size of decode activations", "size = N · B · H", "B"),
    _formula(
        "weights_memory", "Memory of a stage's weights",
        "weights = (W // L) · (L // PP) · B", "B",
    ),
    _formula(
        "kv_memory", "Memory of a stage's KV cache when it is fullest",
        "KV = KV(N, T + O − 1) // PP", "B", CACHE,
    ),
)  # fmt: skip
