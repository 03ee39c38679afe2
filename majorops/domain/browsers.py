"""Which browser on which system, in words, from what it calls itself.

Everybody's browser claims to be several others; the first name here that is found counts. What claims to be
nothing of these is shown as it calls itself: nobody is told a guess.
"""

from __future__ import annotations

import re

from majorops.domain.text import clean_line

# The more particular ones first: each later one is named by those before it too.
BROWSERS = (
    ("Edge", r"\bEdgA?(iOS)?/"),
    ("Opera", r"\bOPR/|\bOPT/|\bOpera\b"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Vivaldi", r"\bVivaldi/"),
    ("Firefox", r"\bFirefox/|\bFxiOS/"),
    ("Chrome", r"\bChrome/|\bCriOS/|\bHeadlessChrome/"),
    ("Chromium", r"\bChromium/"),
    ("Safari", r"\bVersion/[\d.]+ .*Safari/"),
)
SYSTEMS = (
    ("iPhone", r"\biPhone\b|\biPod\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("Windows", r"\bWindows\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("macOS", r"\bMac OS X\b|\bMacintosh\b"),
    ("Linux", r"\bLinux\b|\bX11\b"),
)


def describe(user_agent: str | None) -> str:
    """`Firefox on Windows`; one of the two where only that is known; else the first 60 characters as sent."""
    text = clean_line(user_agent or "")
    names = [_first(BROWSERS, text), _first(SYSTEMS, text)]
    if all(names):
        return f"{names[0]} on {names[1]}"
    return next(filter(None, names), "") or text[:60] or "Unknown browser"


def _first(known: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for name, pattern in known if re.search(pattern, text)), "")
