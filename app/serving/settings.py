"""What the page's rail sets, and the cluster that it means.

A cluster has two pools. Disaggregated, the first prefills and the second decodes; aggregated, each
replica of both does all of a request.
"""

import re
from dataclasses import dataclass

import gpu_catalog
from app.gantt6d.asked import plain_of
from simcore.errors import ScenarioError
from simcore.parameters import Choice, Number, parameter, parameters_of
from simcore.serving.admission import ADMISSIONS
from simcore.serving.cluster.spec import KVTransfer
from simcore.serving.routing import ROUTERS
from simcore.serving.scenario import ClusterScenario
from simcore.serving.scheduling import SCHEDULERS

LIVE_REQUESTS = 2_000
"""Most requests of a run while the page waits for it."""

FULL_REQUESTS = 20_000
"""Most requests of a run with progress."""

MOST_PAGE_REPLICAS = 32
DISAGGREGATED, AGGREGATED = "disaggregated", "aggregated"
ARRANGEMENTS = (DISAGGREGATED, AGGREGATED)
LAWS = ("poisson", "gamma", "weibull", "constant")
BURSTY = ("gamma", "weibull")
"""Laws whose gaps have a coefficient of variation."""


def _number(key, label, help, *, unit="", symbol="", low, high, step, least, most, whole=True):
    return Number(
        **{"key": key, "symbol": symbol, "label": label, "unit": unit, "help": help},
        **{"low": low, "high": high, "step": step, "least": least, "most": most, "whole": whole},
    )


def _choice(key, label, help, options, **more):
    return Choice(
        **{"key": key, "symbol": "", "label": label, "help": help}, options=options, **more
    )


def _gpu(key, label, help):
    return _choice(
        *(key, label, help, lambda: tuple(gpu.name for gpu in gpu_catalog.gpus())),
        named=gpu_catalog.gpu_name,
        nearest=gpu_catalog.nearest_gpu,
    )


def _degree(key, label, help, *, symbol, high, most):
    return _number(key, label, help, symbol=symbol, low=1, high=high, step=1, least=1, most=most)


def _tokens(key, label, help):
    return _number(
        *(key, label, help), unit="tokens", low=32, high=8192, step=32, least=1, most=131_072
    )


def _variation(key, label, help, *, least):
    return _number(
        *(key, label, help), low=max(least, 0.0), high=3, step=0.1, least=least, most=5, whole=False
    )


def _limit(key, label, help, *, high, step):
    return _number(
        *(key, label, help), unit="ms", low=step, high=high, step=step, least=0.1, most=1e6,
        whole=False,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The rail's fields, as people set them: limits in ms, lengths by mean and variation."""

    arrangement: str = parameter(
        _choice(
            "as", "Mode",
            "Disaggregated: the first pool prefills, the second decodes. Aggregated: every replica "
            "does all of a request.",
            lambda: ARRANGEMENTS,
        ),
        DISAGGREGATED,
    )  # fmt: skip
    model: str = parameter(
        _choice(
            *("llm", "Model", "The model that is served."),
            lambda: tuple(llm.name for llm in gpu_catalog.llms()),
            named=gpu_catalog.llm_name,
            nearest=gpu_catalog.nearest_llm,
        ),
        "LLaMA-3.1-70B",
    )
    rate: float = parameter(
        _number(
            *("rate", "Arrival rate, 1/s", "Requests that arrive in a second, on average."),
            **{"unit": "requests/s", "symbol": "λ", "low": 0.5, "high": 40, "step": 0.5},
            **{"least": 0.01, "most": 1000, "whole": False},
        ),
        8.0,
    )
    law: str = parameter(
        _choice("law", "Arrivals", "The law of the gaps between requests.", lambda: LAWS), LAWS[0]
    )
    burst: float = parameter(
        _variation(
            "cv", "Burstiness",
            "Coefficient of variation of the gaps, for gamma and Weibull: above 1 in bursts.",
            least=0.1,
        ),
        2.0,
    )  # fmt: skip
    prompt: int = parameter(_tokens("t", "Prompt, tokens", "Mean length of prompts."), 1024)
    prompt_cv: float = parameter(
        _variation("tcv", "Prompt variation",
                   "Standard deviation over mean, of a lognormal law; 0: all are of one length.",
                   least=0.0),
        1.0,
    )  # fmt: skip
    output: int = parameter(_tokens("o", "Output, tokens", "Mean length of answers."), 256)
    output_cv: float = parameter(
        _variation("ocv", "Output variation",
                   "Standard deviation over mean, of a lognormal law; 0: all are of one length.",
                   least=0.0),
        1.0,
    )  # fmt: skip
    gpu: str = parameter(_gpu("gpu", "GPU", "Of the first pool, which prefills."), "NVIDIA H100")
    replicas: int = parameter(
        _degree("n", "Replicas", "Engines of the first pool.",
                symbol="", high=8, most=MOST_PAGE_REPLICAS),
        2,
    )  # fmt: skip
    tp: int = parameter(
        _degree("tp", "Tensor parallel", "GPUs that share each layer.",
                symbol="TP", high=8, most=64),
        4,
    )  # fmt: skip
    pp: int = parameter(
        _degree("pp", "Pipeline stages", "Of each replica.", symbol="PP", high=8, most=32), 1
    )
    decode_gpu: str = parameter(
        _gpu("dgpu", "GPU", "Of the second pool, which decodes."), "NVIDIA H100"
    )
    decode_replicas: int = parameter(
        _degree("dn", "Replicas", "Engines of the second pool.",
                symbol="", high=8, most=MOST_PAGE_REPLICAS),
        2,
    )  # fmt: skip
    decode_tp: int = parameter(
        _degree("dtp", "Tensor parallel", "GPUs that share each layer.",
                symbol="TP", high=8, most=64),
        4,
    )  # fmt: skip
    decode_pp: int = parameter(
        _degree("dpp", "Pipeline stages", "Of each replica.", symbol="PP", high=8, most=32), 1
    )
    kv_transfer: str = parameter(
        _choice("kv", "KV transfer", "When KV cache goes from prefill to decode.",
                lambda: tuple(each.value for each in KVTransfer)),
        KVTransfer.AFTER.value,
    )  # fmt: skip
    routing: str = parameter(
        _choice("route", "Routing", "Which replica takes a prompt.", ROUTERS.names), "least-loaded"
    )
    decode_routing: str = parameter(
        _choice("droute", "Decode routing", "Which replica decodes it.", ROUTERS.names),
        "least-loaded",
    )
    admission: str = parameter(
        _choice("admit", "Admission", "Whether a request is let in.", ADMISSIONS.names), "always"
    )
    scheduling: str = parameter(
        _choice("sched", "Scheduling", "Who is next in an engine's queue.", SCHEDULERS.names),
        "fcfs",
    )
    delay: float = parameter(
        _number(
            *("delay", "Signal delay, ms", "Age of what engines tell, when policies see it."),
            **{"unit": "ms", "low": 0, "high": 1000, "step": 10, "least": 0, "most": 60_000},
            whole=False,
        ),
        0.0,
    )
    ttft_limit: float = parameter(
        _limit("ttft", "TTFT limit, ms", "What clients were promised.", high=5000, step=50), 1000.0
    )
    tpot_limit: float = parameter(
        _limit("tpot", "TPOT limit, ms", "What clients were promised.", high=200, step=5), 50.0
    )
    requests: int = parameter(
        _number(
            *("requests", "Requests", "That a run asks while the page waits for it."),
            **{"low": 100, "high": LIVE_REQUESTS, "step": 100, "least": 10, "most": LIVE_REQUESTS},
        ),
        1000,
    )
    seed: int = parameter(
        _number(
            *("seed", "Seed", "Of all that is drawn by chance."),
            **{"low": 0, "high": 100, "step": 1, "least": 0, "most": 2**31 - 1_000},
        ),
        0,
    )


FIELDS = parameters_of(Settings)

PLACES = {
    "policies.routing": "routing", "policies.decode_routing": "decode_routing",
    "policies.admission": "admission", "policies.scheduling": "scheduling",
}  # fmt: skip
"""The field to blame, by the place in a cluster's description that an error names."""

OF_POOL = re.compile(r"pools\[([01])\](?:\.(?:prefill_|decode_)?(\w+))?")


def settings_of(values) -> Settings:
    """The settings in what the controls hold; raises ScenarioError that names the field."""
    if not isinstance(values, dict):
        raise ScenarioError("`values` maps the fields of the rail to values")
    unknown = [name for name in values if name not in FIELDS]
    if unknown:
        raise ScenarioError(f"a field that the page does not have; it has {', '.join(FIELDS)}")
    checked = {
        name: FIELDS[name].check(name, plain_of(FIELDS[name], value))
        for name, value in values.items()
    }
    return Settings(**checked)


def field_of(place: str | None) -> str | None:
    """The field of the rail that an error is about; None where it is about no single one."""
    if of_pool := OF_POOL.fullmatch(place or ""):
        pool, name = of_pool.groups()
        prefix = "decode_" if pool == "1" else ""
        return prefix + name if prefix + str(name) in FIELDS else f"{prefix}tp"
    return place if place in FIELDS else PLACES.get(place or "")


def cluster_scenario(settings: Settings, requests: int | None = None) -> ClusterScenario:
    """The cluster that the settings mean.

    Parameters
    ----------
    requests : how many are asked; None for as many as is set

    Raises ScenarioError where pools, plans and model do not go together.
    """
    apart = settings.arrangement == DISAGGREGATED
    first = _pool(
        "prefill" if apart else "first",
        "prefill" if apart else "both",
        *(settings.gpu, settings.replicas, settings.tp, settings.pp),
    )
    second = _pool(
        "decode" if apart else "second",
        "decode" if apart else "both",
        *(settings.decode_gpu, settings.decode_replicas, settings.decode_tp, settings.decode_pp),
    )
    arrivals = {"law": settings.law, "rate_per_s": settings.rate}
    if settings.law in BURSTY:
        arrivals["cv"] = settings.burst
    return ClusterScenario.from_dict(
        {
            "model": settings.model,
            "pools": [first, second],
            "fabric": {},
            "workload": {
                "clients": [
                    {
                        "ttft_s": settings.ttft_limit / 1e3,
                        "tpot_s": settings.tpot_limit / 1e3,
                        "arrivals": arrivals,
                        "prompt": _lengths(settings.prompt, settings.prompt_cv),
                        "output": _lengths(settings.output, settings.output_cv),
                    }
                ],
                "requests": settings.requests if requests is None else requests,
            },
            "policies": {
                "routing": settings.routing,
                "decode_routing": settings.decode_routing,
                "admission": settings.admission,
                "scheduling": settings.scheduling,
            },
            "signals": {"delay_s": settings.delay / 1e3},
            "kv_transfer": settings.kv_transfer,
            "seed": settings.seed,
        }
    )


def _pool(name, role, gpu, replicas, tp, pp):
    return {"name": name, "role": role, "gpu": gpu, "replicas": replicas, "tp": tp, "pp": pp}


def _lengths(mean, cv):
    if cv == 0:
        return {"law": "constant", "value": mean}
    return {"law": "lognormal", "mean": mean, "cv": cv}
