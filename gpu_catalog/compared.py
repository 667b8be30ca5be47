"""The GPUs that are compared first: one of each kind that people ask about, dear and cheap.

All pairs of all GPUs would be more than a thousand runs; who wants others names them.
"""

COMPARED_GPUS = (
    "NVIDIA L40",
    "NVIDIA A100-80GB",
    "NVIDIA L40S",
    "NVIDIA RTX PRO 6000",
    "AMD Instinct MI300A",
    "NVIDIA H100",
    "NVIDIA H200",
    "AMD Instinct MI300X",
    "AMD Instinct MI325X",
    "NVIDIA B200",
    "NVIDIA B300",
    "AMD Instinct MI355X",
)
