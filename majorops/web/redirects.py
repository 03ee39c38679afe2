"""One guard for every redirect.

An answer sends people on to an address of ours, or to where a view says that it leaves.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from urllib.parse import urlsplit

from flask import Flask, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response

from majorops.models import Incident
from majorops.web.error_handlers import wants_partial

log = logging.getLogger(__name__)

LONGEST = 2_000  # characters; longer ones are no address that we ever gave
PATH = re.compile(r"/(?![/\\])[^?#\\]*(?:[?#]|\Z)")


def is_ours(address: str) -> bool:
    """A path on this host, read as browsers do.

    To them `//` and a backslash behind the first slash begin another host, and so does `https:x`; they drop
    tabs and line ends before they look. An address of ours has neither, nor other invisible letters.
    """
    if len(address) > LONGEST or not PATH.match(address):
        return False
    return not any(unicodedata.category(letter)[0] in "CZ" for letter in address)


def ours_or(address: str | None, otherwise: str) -> str:
    """The address that a parameter asks for if it is one of ours, else the other one."""
    return address if address and is_ours(address) else otherwise


def leave_for(address: str) -> Response:
    """Send the browser to another host on purpose.

    The identity provider, or the host that people use for us.
    """
    g.leaves_for = address
    return redirect(address, 303)


def to_fireground(incident: Incident) -> Response:
    """On to the incident's fireground; the page's script goes there by itself."""
    address = url_for("fireground.show", number=incident.id)
    if wants_partial():
        return current_app.response_class(status=204, headers={"HX-Redirect": address})
    return redirect(address, 303)


def check_redirect(response: Response) -> Response:
    """The last check of every answer that redirects.

    Wherever its target came from, it is an address of ours, or the status page takes its place.
    """
    for header in ("Location", "HX-Redirect"):
        address = response.headers.get(header)
        if address is None or address == g.get("leaves_for"):
            continue
        path = _without_our_host(address)
        if not is_ours(path):
            log.warning("%s wanted to redirect to %.200r", request.path, address)
            path = url_for("public.status")
            response.set_data("")  # it named the address too
        response.headers[header] = path
    return response


def _without_our_host(address: str) -> str:
    """Werkzeug's own redirects, as for a missing slash at the end, name our host in full."""
    if not address.startswith(request.host_url):
        return address
    return urlsplit(address)._replace(scheme="", netloc="").geturl()


def init_app(app: Flask) -> None:
    """Have every answer checked (`check_redirect`)."""
    app.after_request(check_redirect)
