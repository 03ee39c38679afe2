"""Contrast as WCAG computes it, and shades of a colour that can be read."""

from __future__ import annotations

import pytest

from majorops.domain.colours import (
    DARK_GROUND,
    LEAST,
    LIGHT_GROUND,
    contrast,
    ink_on,
    luminance,
    readable,
)

COLOURS = [
    f"#{red}{green}{blue}"
    for red in ("00", "57", "ff")
    for green in ("00", "80", "ff")
    for blue in ("00", "b8", "ff")
]


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#767676", "#ffffff", 4.54),  # the lightest grey that passes on white
        ("#777777", "#ffffff", 4.48),
        ("#0000ff", "#ffffff", 8.59),
        ("#ff0000", "#000000", 5.25),
    ],
)
def test_contrast_is_that_of_wcag_in_either_order(one, other, ratio):
    assert round(contrast(one, other), 2) == round(contrast(other, one), 2) == ratio


@pytest.mark.parametrize("ground", [DARK_GROUND, LIGHT_GROUND, "#0a0a0a", "#ffffff"])
@pytest.mark.parametrize("colour", COLOURS)
def test_every_colour_has_a_shade_that_reads(colour, ground):
    shade = readable(colour, ground)
    assert contrast(shade, ground) >= LEAST
    if contrast(colour, ground) >= LEAST:
        assert shade == colour
    else:
        assert (luminance(shade) > luminance(colour)) is (luminance(ground) < 0.18)


def test_a_dark_blue_is_lighter_on_dark_and_stays_itself_on_light():
    assert readable("#003366", LIGHT_GROUND) == "#003366"
    shade = readable("#003366", DARK_GROUND)
    red, green, blue = (int(shade[at : at + 2], 16) for at in (1, 3, 5))
    assert red < green < blue


@pytest.mark.parametrize("colour", COLOURS)
def test_the_ink_on_any_colour_reads(colour):
    assert contrast(ink_on(colour), colour) >= LEAST
