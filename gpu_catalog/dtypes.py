"""Number formats of weights and of matrix products, as serving engines name them."""

# Bits of one weight, without the scales that go with it.
WEIGHTS = {
    "fp32": 32,
    "bf16": 16,
    "fp8": 8,
    "int8": 8,
    "mxfp4": 4,
    "nvfp4": 4,
    "int4": 4,
}

# The field of a GPU that holds its peak for matrix products in a format.
PEAKS = {"bf16": "flops", "fp8": "flops_fp8", "int8": "flops_int8", "fp4": "flops_fp4"}

# Bytes of one weight in the usual layouts, scales included: FP8 in blocks of 128 x 128 (their
# scales are 0.02 % and left out); MXFP4 with 8 bits per 32 (OCP Microscaling formats 1.0, 2023);
# NVFP4 with 8 bits per 16; INT4 with 16 bits per 128.
USUAL_BYTES = {
    "fp32": 4,
    "bf16": 2,
    "fp8": 1,
    "int8": 1,
    "mxfp4": 4.25 / 8,
    "nvfp4": 4.5 / 8,
    "int4": 4.125 / 8,
}

# What matrix products run in when weights are stored in a format and the engine quantises the
# activations to match. Weights that are alone in their format are unpacked to BF16.
GEMMS = {
    "fp32": "bf16",
    "bf16": "bf16",
    "fp8": "fp8",
    "int8": "int8",
    "mxfp4": "bf16",
    "nvfp4": "fp4",
    "int4": "bf16",
}
