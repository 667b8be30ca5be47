"""All that the catalog knows of one item, as HTML below its row."""

from dataclasses import fields, is_dataclass
from datetime import date

from dash import html

from app import numbers
from app.catalog.columns import KILO, MICRO, TERA, attention_kind, kv_bytes_per_token, number_text
from app.still import html_of
from gpu_catalog import GPU, LLM, Link, active_parameters, parameters
from simcore.costs.serving_engines import ServingEngine
from simcore.units import GB, GIB

# By the words of a field's name: its unit, and what one is in byte, byte/s, FLOP/s or s.
UNITS = {
    "memory": ("GiB", GIB),
    "bandwidth": ("GB/s", GB),
    "flops": ("TFLOP/s", TERA),
    "flops_fp8": ("TFLOP/s", TERA),
    "flops_int8": ("TFLOP/s", TERA),
    "flops_fp4": ("TFLOP/s", TERA),
    "all_reduce": ("GB/s", GB),
    "peer": ("GB/s", GB),
    "peak": ("GB/s", GB),
    "power": ("W", 1),
    "bandwidth_range": ("GB/s", GB),
    "all_reduce_range": ("GB/s", GB),
    "latency_range": ("µs", MICRO),
    "startup_range": ("µs", MICRO),
    "latency": ("µs", MICRO),
    "usd": ("$", 1),
}
LABELS = {
    "flops": "BF16, dense",
    "flops_fp8": "FP8, dense",
    "flops_int8": "INT8, dense",
    "flops_fp4": "FP4, dense",
    "power": "TDP",
    "all_reduce": "all-reduce of 8 GPUs",
    "all_reduce_range": "all-reduce of 8 GPUs",
    "peer": "between two GPUs",
    "bandwidth_range": "effective bandwidth",
    "latency_range": "latency of a crossing",
    "startup_range": "start-up of a library",
    "usd": "range",
    "pcie": "PCIe generation",
    "rent": "rent per hour",
    "price": "price",
    "measured": "measured ceilings",
    "reference": "in the specification's program",
    "qk_norm": "normalised queries and keys",
    "joint_norm": "over all heads together",
    "qkv_bias": "biases of queries, keys, values",
    "gpus": "joins GPUs",
    "tokens_per_step": "tokens per step",
    "budget": "most tokens of a step",
}
# Of a text: more does not stand beside its label.
LONG = 22
# They have a place of their own.
APART = ("name", "aliases", "source", "checked", "confidence", "notes")


def details_of(item: GPU | LLM | Link, *, own: bool) -> str:
    """The details of an item, and what can be done with it.

    Parameters
    ----------
    own : whether the session itself has added it
    """
    groups = [("", _computed(item) + _plain(item))]
    for field in fields(item):
        part = getattr(item, field.name)
        if is_dataclass(part):
            groups.append((_label(field.name), _plain(part)))
    told = {
        "Source": item.source,
        "Read on": f"{item.checked}, confidence {item.confidence}",
        "Notes": item.notes,
        "Answers to": ", ".join(item.aliases),
    }
    return _details(told, groups, own)


def engine_details_of(engine: ServingEngine, *, own: bool) -> str:
    """The same of a serving engine's constants."""
    release, known = engine.release, engine.release.provenance
    errors = [(name, numbers.percent(error)) for name, error in known.error.items()]
    told = {
        "Fitted to": f"{numbers.count(known.rows)} rows: {known.measurements}"
        if known.rows
        else "",
        "Fitted on": known.fitted,
        "Versions": ", ".join(version or "not stated" for version in release.versions),
        "Answers to": ", ".join(engine.aliases),
    }
    kinds = {float: [], "times": [], "": []}
    for field, pair in zip(_said(release), _plain(release), strict=True):
        kind = "times" if field.name.endswith("_s") else field.type
        kind = "" if field.name == "tokens_per_step" else kind
        kinds.get(kind, kinds[""]).append(pair)
    groups = [
        ("", kinds[""]),
        ("times over those of kernels alone", kinds[float]),
        ("times that are added", kinds["times"]),
        ("mean error on rows not seen", errors),
    ]
    return _details(told, groups, own)


def _details(told, groups, own):
    rows = [
        part for label, text in told.items() if text for part in (html.Dt(label), html.Dd(text))
    ]
    actions = [_button(what, label) for what, label in _actions(own)]
    facts = [_group(title, pairs) for title, pairs in groups if pairs]
    return html_of(
        html.Div(
            [
                html.Dl(rows, className="catalog-told"),
                html.Div(actions, className="catalog-actions"),
                html.Div(facts, className="catalog-facts"),
            ],
            className="catalog-details",
        )
    )


def _group(title, pairs):
    rows = [
        part
        for label, text in pairs
        for part in (html.Dt(label), html.Dd(text, className="long" if len(text) > LONG else None))
    ]
    return html.Div([html.H3(title) if title else None, html.Dl(rows)], className="catalog-group")


def _computed(item):
    if not isinstance(item, LLM):
        return []
    return [
        ("parameters, counted", numbers.count(parameters(item))),
        ("active, counted", numbers.count(active_parameters(item))),
        ("attention", attention_kind(item)),
        ("KV cache of a token", f"{_number(kv_bytes_per_token(item) / KILO)} kB"),
    ]


def _plain(part):
    """Label and text of each field that holds something, but for tables."""
    return [(_label(f.name), _text(f.name, getattr(part, f.name))) for f in _said(part)]


def _said(part):
    """The fields of `part` that are told in a line."""
    apart = APART if hasattr(part, "confidence") else ()
    found = []
    for field in fields(part):
        value = getattr(part, field.name)
        if field.name not in apart and not (value in (None, "", ()) or is_dataclass(value)):
            found.append(field)
    return found


def _label(name):
    return LABELS.get(name, name.removesuffix("_s").replace("_", " "))


def _text(name, value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | date):
        return str(value)
    unit, size = UNITS.get(name, ("", 1))
    if isinstance(value, tuple) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    if name.endswith("_s"):
        return numbers.duration_text(value) if value else "0"
    if isinstance(value, tuple):
        ends = list(dict.fromkeys(_number(end / size) for end in value))
        return " ".join(["–".join(ends), unit]).strip()
    return f"{_number(value / size if unit else value)} {unit}".strip()


def _number(value):
    return number_text(float(f"{value:.12g}"), 5)


def _actions(own):
    actions = {"copy": "Edit a copy", "save": "Save as TOML"}
    return ({"edit": "Edit", "remove": "Remove"} | actions if own else actions).items()


def _button(what, label):
    return html.Button(label, className="text-button", type="button", **{"data-action": what})
