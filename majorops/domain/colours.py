"""Whether text of one colour can be read on another, and shades of a colour that can (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

LEAST = 4.5  # the contrast that text of any size needs
STEPS = 100
# The lightest ground of the dark public pages and the darkest of the light ones: what reads there reads
# on all.
DARK_GROUND, LIGHT_GROUND = "#1a1a1a", "#f4f4f4"
BLACK, WHITE = "#000000", "#ffffff"


def luminance(colour: str) -> float:
    """How bright a colour such as #0057b8 is, from 0 to 1 (WCAG's relative luminance)."""
    parts = [part / 255 for part in _parts(colour)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21, whichever is the ground (WCAG's contrast ratio)."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def readable(colour: str, ground: str) -> str:
    """The colour where it has a contrast of `LEAST` on the ground, else the nearest shade that has.

    On a dark ground it is lighter, on a light one darker; the hue stays.
    """
    end = ink_on(ground)
    shades = (_mixed(colour, end, step / STEPS) for step in range(STEPS + 1))
    return next(shade for shade in shades if contrast(shade, ground) >= LEAST)


def ink_on(colour: str) -> str:
    """Black or white, whichever reads better on the colour."""
    return max((WHITE, BLACK), key=lambda ink: contrast(ink, colour))


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _mixed(colour: str, other: str, share: float) -> str:
    both = zip(_parts(colour), _parts(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in both)
