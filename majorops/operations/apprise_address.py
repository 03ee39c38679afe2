"""Whether Apprise can send to an address, by what it knows of its own services, where it is installed."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlsplit

from majorops.domain.apprise_schemes import A_WEB_ADDRESS, WEB, reaches_nobody

SHAPE = "Use an Apprise address such as slack://…, workflows://…, twilio://…"


def apprise_problem(address: str) -> str:
    """Why this is no address of a person's channel, as a sentence for its field; empty when it can be tried.

    Where the package is not installed, by its shape and scheme alone.
    """
    try:
        scheme = urlsplit(address).scheme
    except ValueError:
        return SHAPE
    if not scheme or "://" not in address:
        return SHAPE
    return reaches_nobody(scheme) or _unknown(scheme, address)


def is_installed() -> bool:
    """Whether messages can go by Apprise from here."""
    return bool(_services())


def _unknown(scheme: str, address: str) -> str:
    services = _services()
    if not services:
        return ""
    import apprise

    made = apprise.Apprise.instantiate(address)
    if made is not None:
        return reaches_nobody(urlsplit(made.url()).scheme)
    service = services.get(scheme)
    if service is None:
        return A_WEB_ADDRESS if scheme in WEB else f"Apprise knows no service called {scheme}://."
    name = service["service_name"]
    if not service["enabled"]:
        packages = ", ".join(service["requirements"]["packages_required"])
        return f"{name} needs {packages or 'a package'} on the server, which is not installed."
    looks = service["details"]["templates"][0].format_map(_Named(scheme=scheme, schema=scheme))
    return f"Something is missing for {name}: its addresses look like {looks}. See {service['setup_url']}"


class _Named(dict[str, str]):
    """What stands between braces stays there, but for what is known."""

    def __missing__(self, key: str) -> str:
        return f"<{key}>"


@cache
def _services() -> dict[str, dict[str, Any]]:
    """Scheme → what Apprise says of the service; empty where it is not installed."""
    try:
        import apprise
    except ImportError:
        return {}
    known = apprise.Apprise().details(show_requirements=True, show_disabled=True)["schemas"]
    return {
        scheme: one
        for one in known
        for scheme in (*(one["protocols"] or ()), *(one["secure_protocols"] or ()))
    }
