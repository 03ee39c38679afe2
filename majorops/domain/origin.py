"""Where the public pages are reached."""

from __future__ import annotations

from collections.abc import Mapping


def public_origin(config: Mapping[str, object]) -> str:
    """Where people reach the public pages by the settings: `https://status.example.org`.

    Empty where the settings name no address: then it is the one that people asked.
    """
    base, host = str(config["BASE_URL"] or ""), config["STATUS_HOST"]
    if host:
        return f"{'http' if base.startswith('http:') else 'https'}://{host}"
    return base
