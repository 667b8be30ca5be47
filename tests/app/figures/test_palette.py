"""Colours that differ for everyone: contrast with the page, and under colour blindness."""

import itertools

import numpy as np
import pytest

from app.figures.palette import ALIKE, PALETTES, SCHEMES

# WCAG 2.2, success criterion 1.4.11 (graphics) and 1.4.3 (text).
GRAPHIC_CONTRAST, TEXT_CONTRAST = 3.0, 4.5
# CIE76: about two is the least that is seen side by side.
LEAST_DIFFERENCE = 12.0
# Machado, Oliveira & Fernandes, IEEE TVCG 15(6), 2009, severity 1.0, on linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip


def linear(colour):
    part = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return linear(colour) @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    to_xyz = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                       [0.0193339, 0.1191920, 0.9503041]])  # fmt: skip
    x, y, z = np.cbrt(np.maximum(to_xyz @ rgb / [0.95047, 1.0, 1.08883], 0.008856))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_colours_stand_out_from_the_page(scheme):
    palette = PALETTES[scheme]
    for colour in palette.kinds.values():
        assert contrast(colour, palette.page) >= GRAPHIC_CONTRAST
    for colour in (palette.text, palette.faint):
        assert contrast(colour, palette.page) >= TEXT_CONTRAST


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_kinds_are_told_apart(scheme, sight):
    seen = {
        kind: lab(np.clip(SIGHT[sight] @ linear(colour), 0, 1))
        for kind, colour in PALETTES[scheme].kinds.items()
        if kind not in ALIKE
    }
    for one, other in itertools.combinations(seen, 2):
        difference = np.linalg.norm(seen[one] - seen[other])
        assert difference >= LEAST_DIFFERENCE, f"{one} and {other}: {difference:.1f}"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_is_the_same_in_either_pool_has_one_colour(scheme):
    kinds = PALETTES[scheme].kinds
    assert all(kinds[kind] == kinds[other] for kind, other in ALIKE.items())


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_style_sheet_has_the_same_colours(scheme, repository):
    """The legend is drawn by CSS, the bars by Plotly."""
    light, _, dark = (repository / "assets/style.css").read_text().partition('="dark"]')
    rules = {"light": light, "dark": dark.partition("}")[0]}[scheme]
    assert f"--surface: {PALETTES[scheme].page};" in rules
    for kind, colour in PALETTES[scheme].kinds.items():
        assert f"--kind-{kind.replace(' ', '-')}: {colour};" in rules
