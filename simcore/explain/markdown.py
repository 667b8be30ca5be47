"""The formulas as a page of the documentation."""

from simcore.explain.formula import Formula
from simcore.explain.formulas import FORMULAS, SYMBOLS

HEADINGS = {
    "": "Metrics and transfers, in every cost model",
    "physical": "`physical`",
    "calibrated": "`calibrated`",
    "reference": "`reference`",
}
COMMAND = "python -m simcore.explain docs/formulas.md"
HEAD = f"""# Formulas

Every formula that the pages show with its values put in, with its source. What they are for is told
in [the model](model.md).

`{COMMAND}` writes this page, from what the pages themselves use.
// is integer division.
"""


def formulas_page() -> str:
    """The page, in Markdown."""
    parts = [HEAD, _table(SYMBOLS)]
    for cost_model, formulas in FORMULAS.items():
        parts.append(f"## {HEADINGS[cost_model]}\n")
        parts += [_section(formula) for formula in formulas]
    return "\n".join(parts)


def _section(formula: Formula) -> str:
    lines = [f"### {formula.name}\n", f"    {formula.expression}\n"]
    if formula.symbols:
        lines.append("\n".join(f"- {symbol}: {meaning}" for symbol, meaning in formula.symbols))
        lines.append("")
    lines.append(f"Source: {formula.source}.\n")
    return "\n".join(lines)


def _table(symbols) -> str:
    rows = "\n".join(f"| {symbol} | {meaning} |" for symbol, meaning in symbols)
    return f"| symbol | meaning |\n|---|---|\n{rows}\n"
