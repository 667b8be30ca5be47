"""Colours of the kinds of events, for a light and a dark page.

Told apart with normal sight, protanopia, deuteranopia and tritanopia, and each at least three times
as bright or as dark as its page (WCAG 2.2, 1.4.11); tests hold both.
"""

from dataclasses import dataclass

KINDS = ("prefill", "handoff", "activations", "decode", "decode activations")
NAMES = {
    "prefill": "Prefill",
    "handoff": "KV handoff",
    "activations": "Activations",
    "decode": "Decode",
    "decode activations": "Decode activations",
}
SCHEMES = ("light", "dark")


@dataclass(frozen=True)
class Palette:
    """Colours of one scheme, as CSS has them.

    Attributes
    ----------
    page : behind the figure
    text, faint, grid : of words, of lesser words, of lines behind the bars
    mark : of the lines that mark a moment
    kinds : of the bars, by kind
    """

    page: str
    text: str
    faint: str
    grid: str
    mark: str
    kinds: dict[str, str]


def _kinds(*colours):
    return dict(zip(KINDS, colours, strict=True))


PALETTES = {
    "light": Palette(
        page="#ffffff",
        text="#1b2230",
        faint="#5b6577",
        grid="#e6e9ef",
        mark="#1b2230",
        kinds=_kinds("#2b5fc4", "#c25e00", "#23907a", "#7a2f6b", "#c2589b"),
    ),
    "dark": Palette(
        page="#14181f",
        text="#e7ebf2",
        faint="#98a3b5",
        grid="#262d38",
        mark="#e7ebf2",
        kinds=_kinds("#5c87f0", "#f29b43", "#50d392", "#b771c8", "#faa3d5"),
    ),
}
