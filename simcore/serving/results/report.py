"""A result as JSON has it, and in lines for a terminal."""

import dataclasses
import math
from collections.abc import Mapping

from simcore.serving.results.explain import plain_terms, sentence_of, terms_of
from simcore.serving.results.result import ServingResult

MS = 1e-3
MOST_LINKS = 8
LATENCIES = {
    "ttft_s": "TTFT",
    "tpot_s": "TPOT",
    "itl_s": "ITL",
    "e2e_s": "E2E",
}


def as_json(result: ServingResult) -> dict:
    """The result as JSON has it: seconds, bytes, shares from 0 to 1; null where there is none."""
    served, prices = result.served, result.prices
    ledger = served.ledger
    terms = terms_of(result)
    return _without_nan(
        {
            "scenario": result.scenario.to_dict(),
            "seed": result.seed,
            "verdict": result.verdict.value,
            "partial": result.partial,
            "ledger": {
                **result.ledger,
                "prompt_tokens": dataclasses.asdict(ledger.prompt_tokens),
                "output_tokens": dataclasses.asdict(ledger.output_tokens),
                "kv_bytes": {
                    "sent": ledger.bytes_sent,
                    "arrived": ledger.bytes_arrived,
                    "lost": ledger.bytes_lost,
                    "under_way": ledger.bytes_under_way,
                },
                "kv_blocks": {
                    "all": ledger.blocks,
                    "free": ledger.free_blocks,
                    "held": ledger.held_blocks,
                },
                "checks": ledger.checks,
            },
            "not_served": [dict(each) for each in result.not_served],
            "duration_s": result.duration_s,
            **result.figures.plain(),
            "fairness_of_clients": result.fairness_of_clients,
            "clients": {name: each.plain() for name, each in result.classes.items()},
            "ttft_terms_s": dict(plain_terms(terms)),
            "explanation": sentence_of(terms),
            "contention": _worst(result.lost_on),
            "prices": dataclasses.asdict(prices),
            "pools": [_pool(pool) for pool in result.pools],
            "wall_s": result.wall_s,
            "cpu_s": result.cpu_s,
        }
    )


def as_text(found: Mapping) -> str:
    """What `as_json` returns, or the mean over seeds, in lines."""
    ledger, prices = found["ledger"], found["prices"]
    bands = found.get("confidence", {})
    lines = [
        f"{ledger['arrived']:,} arrived = {ledger['completed']:,} completed + "
        f"{ledger['refused']:,} refused + {ledger['failed']:,} failed + "
        f"{ledger['in_flight']:,} in flight; the cluster is {found['verdict']}",
    ]
    if found["partial"]:
        lines.append(f"partial: {found['partial']}")
    for each in found["not_served"][:3]:
        lines.append(f"request {each['number']} {each['status']}: {each['reason']}")
    if "seeds" in found:
        lines.append(f"means over {found['seeds']} seeds; ± is half of a 95 % confidence interval")
    lines += ["", "          mean       p50       p90       p95       p99"]
    for name, short in LATENCIES.items():
        values = found[name]
        cells = "".join(f"{_ms(values[key]):>10}" for key in ("mean", "p50", "p90", "p95", "p99"))
        half = bands.get(name, {}).get("mean")
        lines.append(f"{short:4}{cells}  ms" + (f"  (mean ± {_ms(half)})" if half else ""))
    lines += [
        "",
        f"throughput {_plain(found['throughput'])} requests/s, "
        f"{_plain(found['output_tokens_per_s'])} output tokens/s; goodput "
        f"{_plain(found['goodput'])} requests/s, {_share(found['attainment'])} of requests as "
        f"promised{_half(bands.get('attainment'), 100, ' %')}",
        f"fairness {_plain(found['fairness'])}; prefix cache {_share(found['cached_share'])} of "
        f"prompt tokens; {found['preemptions']:,.0f} preemptions",
        f"{_usd(prices['usd_per_million_input'])} per million input tokens, "
        f"{_usd(prices['usd_per_million_output'])} per million output tokens; "
        f"{_plain(prices['tokens_per_s_per_gpu'])} tokens/s per GPU, "
        f"{_plain(prices['joule_per_token'])} J per output token",
    ]
    for pool in found["pools"]:
        lines.append(
            f"{pool['name']}: {pool['replicas']:g} x {pool['gpus_of_a_replica']:g} {pool['gpu']} "
            f"({pool['role']}), busy {_share(pool['utilisation'])}"
        )
    lines += [
        "",
        found["explanation"],
        f"simulated {_plain(found['duration_s'])} s in {_plain(found['wall_s'])} s",
    ]
    return "\n".join(lines)


def _worst(lost_on):
    """The channels on which most time was lost to contention, the worst first."""
    some = sorted(lost_on.items(), key=lambda each: (-each[1], each[0]))[:MOST_LINKS]
    return [{"link": name, "lost_s": lost} for name, lost in some if lost > 0]


def _pool(pool):
    return {
        "name": pool.name,
        "role": pool.role.value,
        "gpu": pool.gpu.name,
        "gpus_of_a_replica": pool.gpus,
        "replicas": pool.replicas,
        "gpu_s": pool.gpu_s,
        "utilisation": pool.utilisation,
        "steps": pool.steps,
        "prefilled_tokens": pool.prefilled_tokens,
        "decoded_tokens": pool.decoded_tokens,
        "preemptions": pool.preemptions,
    }


def _without_nan(value):
    """JSON has no NaN, and no infinity."""
    match value:
        case dict():
            return {key: _without_nan(each) for key, each in value.items()}
        case list() | tuple():
            return [_without_nan(each) for each in value]
        case float() if not math.isfinite(value):
            return None
    return value


def _ms(value):
    return "-" if value is None else f"{value / MS:,.1f}"


def _share(value):
    return "-" if value is None else f"{100 * value:.1f} %"


def _plain(value):
    return "-" if value is None else f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def _usd(value):
    return "cost unknown" if value is None else f"${value:,.2f}"


def _half(half, scale, unit):
    return f" (± {half * scale:.1f}{unit})" if half else ""
