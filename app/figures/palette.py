"""Colours of the kinds of events, for a light and a dark page.

Told apart with normal sight, protanopia, deuteranopia and tritanopia, and each at least three times
as bright or as dark as its page (WCAG 2.2, 1.4.11); tests hold both.
"""

from dataclasses import dataclass

KINDS = (
    *("prefill", "handoff", "activations", "decode", "decode activations"),
    *("collective", "decode collective", "background"),
)
# Kinds of which many runs have none: they have lanes, and are told of, where there are any.
SOMETIMES = frozenset(("collective", "decode collective", "background"))
# The place of each kind's pool among prefill, decode, and others.
POOL_OF = dict(zip(KINDS, (0, 0, 0, 1, 1, 0, 1, 2), strict=True))
NAMES = {
    "prefill": "Prefill",
    "handoff": "KV handoff",
    "activations": "Activations",
    "decode": "Decode",
    "decode activations": "Decode activations",
    "collective": "Collectives",
    "decode collective": "Decode collectives",
    "background": "Background traffic",
}
# What is the same in either pool has one colour, and one entry of a legend.
ALIKE = {"decode collective": "collective"}
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
    own = dict(zip((kind for kind in KINDS if kind not in ALIKE), colours, strict=True))
    return {kind: own[ALIKE.get(kind, kind)] for kind in KINDS}


PALETTES = {
    "light": Palette(
        page="#ffffff",
        text="#1b2230",
        faint="#5b6577",
        grid="#e6e9ef",
        mark="#1b2230",
        kinds=_kinds(
            *("#2b5fc4", "#c25e00", "#23907a", "#7a2f6b", "#c2589b", "#5a5400", "#585b5e")
        ),
    ),
    "dark": Palette(
        page="#14181f",
        text="#e7ebf2",
        faint="#98a3b5",
        grid="#262d38",
        mark="#e7ebf2",
        kinds=_kinds(
            *("#5c87f0", "#f29b43", "#50d392", "#b771c8", "#faa3d5", "#f4ec3c", "#6b7280")
        ),
    ),
}
