"""Affected systems that a title already names."""

from __future__ import annotations

import re


def systems_in(title: str, catalogue: list[str]) -> list[str]:
    """Names of the catalogue that stand in the title as whole words, longest first.

    `payments-api` is found in `prod-payments-api not responding`, and `payments` then no more.
    """
    rest, found = title.lower(), []
    for name in sorted(catalogue, key=len, reverse=True):
        pattern = rf"(?<![a-z0-9]){re.escape(name.lower())}(?![a-z0-9])"
        if re.search(pattern, rest):
            found.append(name)
            rest = re.sub(pattern, " ", rest)
    return found
