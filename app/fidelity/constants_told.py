"""What the shipped constants were fitted to, and their errors on rows that no fit has seen."""

from dataclasses import dataclass
from functools import cache

from dash import html

from app import numbers
from simcore.costs.constants import FabricConstants, GpuConstants, shipped
from simcore.costs.engines import EngineConstants
from simcore.costs.operators.transfer import TransferConstants
from simcore.costs.provenance import Provenance
from simcore.costs.releases import ReleaseConstants

OPERATORS = {
    "gemm": "products",
    "attention": "attention",
    "moe": "experts",
    "collectives": "collectives",
    "steps": "steps",
    "transfer": "transfers",
    "ttft": "TTFT",
    "tpot": "TPOT",
}
"""What errors are of, by the first word of their names in the constants."""


@dataclass(frozen=True)
class Kind:
    """A kind of constants.

    Attributes
    ----------
    title : on screen
    cls, folder : of the constants, as `shipped` takes them
    name : of one of them
    """

    title: str
    cls: type
    folder: str
    name: object


KINDS = (
    Kind("Kernels of GPUs", GpuConstants, "gpus", lambda c: c.gpu),
    Kind("Links", FabricConstants, "fabrics", lambda c: c.fabric),
    Kind(
        "Steps of engines",
        EngineConstants,
        "steps",
        lambda c: f"{c.engine} {', '.join(c.versions)} on {', '.join(c.gpus) or 'any GPU'}",
    ),
    Kind(
        "Serving engines",
        ReleaseConstants,
        "releases",
        lambda c: f"{c.engine} {', '.join(v or 'not stated' for v in c.versions)}".strip(),
    ),
    Kind("KV transfers", TransferConstants, "transfers", lambda c: c.library),
)


@cache
def constants_table():
    """The constants by kind: what they were fitted to, when, and their errors on unseen rows."""
    head = html.Tr(
        [
            html.Th(title, scope="col")
            for title in ("Constants", "Rows", "Fitted", "Error on rows not seen", "Measurements")
        ]
    )
    parts = []
    for kind in KINDS:
        rows = [_row(kind.name(c), c.provenance) for c in shipped(kind.cls, kind.folder).values()]
        title = html.Tr(html.Th(kind.title, colSpan=5, scope="rowgroup"))
        parts.append(html.Tbody([title, *rows]))
    return html.Table([html.Thead(head), *parts], className="told-table fidelity-constants")


def _row(name, known: Provenance):
    return html.Tr(
        [
            html.Th(name, scope="row"),
            html.Td(numbers.count(known.rows)),
            html.Td(known.fitted),
            html.Td(errors_told(known)),
            html.Td(f"{known.measurements}{': ' if known.models else ''}{', '.join(known.models)}"),
        ]
    )


def errors_told(known: Provenance) -> str:
    """Errors by what they are of: products in BF16 5.6 %, attention in prefill 7.3 %."""
    return ", ".join(f"{_of(name)} {numbers.percent(e)}" for name, e in known.error.items())


def _of(name):
    first, _, rest = name.partition("_")
    said = OPERATORS.get(first, first)
    return f"{said} ({rest.replace('_', ' ')})" if rest else said
