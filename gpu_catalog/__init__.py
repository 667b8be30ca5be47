"""The catalog: GPUs, models and links as data, one TOML file each."""

from gpu_catalog.load import CatalogError, gpu, gpus, link, links, llm, llms
from gpu_catalog.schema import (
    GPU,
    LLM,
    GroupedQueryAttention,
    LatentAttention,
    Link,
    MixtureOfExperts,
)

__all__ = [
    "GPU",
    "LLM",
    "CatalogError",
    "GroupedQueryAttention",
    "LatentAttention",
    "Link",
    "MixtureOfExperts",
    "gpu",
    "gpus",
    "link",
    "links",
    "llm",
    "llms",
]
