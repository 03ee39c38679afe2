"""SCIM 2.0 (RFC 7643, 7644) at /scim/v2: a directory such as Okta or Entra keeps accounts and groups here."""

from __future__ import annotations

from flask import Flask

from majorops.scim import groups, itself, users  # noqa: F401  (their views join the blueprint)
from majorops.scim.blueprint import bp
from majorops.web.security import csrf


def init_app(app: Flask) -> None:
    """Register the addresses; what carries a token in a header needs no token of a form."""
    csrf.exempt(bp)
    app.register_blueprint(bp)
