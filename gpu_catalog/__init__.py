"""The catalog: GPUs, models and links as data, one TOML file each."""

from gpu_catalog.compared import COMPARED_GPUS
from gpu_catalog.errors import CatalogError
from gpu_catalog.load import (
    add_model_file,
    gpu,
    gpu_name,
    gpus,
    link,
    links,
    llm,
    llm_name,
    llms,
    nearest_gpu,
    nearest_llm,
    reload,
    shipped_gpu,
    shipped_links,
)
from gpu_catalog.overlay import Overlay, current_overlay, overlay, overlay_digest
from gpu_catalog.parameters import active_parameters, kv_elements_per_token, parameters
from gpu_catalog.schema import (
    GPU,
    LLM,
    GroupedQueryAttention,
    LatentAttention,
    Link,
    MixtureOfExperts,
)
from gpu_catalog.toml_text import toml_text
from gpu_catalog.user import (
    TOPOLOGIES_VARIABLE,
    user_files,
    user_folder,
    user_topology_files,
)

__all__ = [
    "COMPARED_GPUS",
    "GPU",
    "LLM",
    "TOPOLOGIES_VARIABLE",
    "CatalogError",
    "GroupedQueryAttention",
    "LatentAttention",
    "Link",
    "MixtureOfExperts",
    "Overlay",
    "active_parameters",
    "add_model_file",
    "current_overlay",
    "gpu",
    "gpu_name",
    "gpus",
    "kv_elements_per_token",
    "link",
    "links",
    "llm",
    "llm_name",
    "llms",
    "nearest_gpu",
    "nearest_llm",
    "overlay",
    "overlay_digest",
    "parameters",
    "reload",
    "shipped_gpu",
    "shipped_links",
    "toml_text",
    "user_files",
    "user_folder",
    "user_topology_files",
]
