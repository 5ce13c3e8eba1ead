"""Brand colours that stay readable: plain arithmetic on #rrggbb, after WCAG 2.2."""

import re

HEX = re.compile(r"#[0-9a-fA-F]{6}")
DEFAULT = "#0b6e4f"
WHITE = "#ffffff"
INK = "#000000"
# Contrast that WCAG AA asks of normal text.
AA = 4.5


def palette(colour):
    """Return the CSS variables {name: #rrggbb} made of one brand colour.

    ``brand`` the colour itself, ``brand-ink`` text on it, ``brand-strong`` the nearest darker shade
    that is readable on white, ``brand-deep`` a darker shade for gradients, ``brand-soft`` a tint
    for backgrounds, ``brand-line`` a tint for borders. Anything but #rrggbb gives the default.
    """
    brand = colour.lower() if colour and HEX.fullmatch(colour) else DEFAULT
    ink = WHITE if contrast(brand, WHITE) >= contrast(brand, INK) else INK
    return {
        "brand": brand,
        "brand-ink": ink,
        "brand-strong": readable(brand),
        "brand-deep": mix(brand, "#000000" if ink == WHITE else WHITE, 0.22),
        "brand-soft": mix(brand, WHITE, 0.92),
        "brand-line": mix(brand, WHITE, 0.72),
    }


def readable(colour, background=WHITE):
    """Return the nearest darker shade of a colour that is readable on a light background."""
    shade = colour
    for step in range(1, 21):
        if contrast(shade, background) >= AA + 0.6:
            break
        shade = mix(colour, "#000000", step / 20)
    return shade


def mix(colour, other, share):
    """Return a colour with a share (0 to 1) of another one."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def contrast(one, two):
    """Return the contrast ratio of two colours, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _channels(colour):
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _luminance(colour):
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in _channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
