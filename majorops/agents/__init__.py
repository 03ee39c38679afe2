"""Agents: an MCP server at /mcp. They read, log, report and answer like responders, and propose drafts.

`tools.py` has what they may do, `reading.py` what they are told, `server.py` speaks the protocol by the SDK.
"""

from __future__ import annotations

from flask import Flask

from majorops.agents.blueprint import bp, on_http_error
from majorops.web.security import csrf


def init_app(app: Flask) -> None:
    """Register the address; what carries a token in a header needs no token of a form."""
    csrf.exempt(bp)
    app.register_blueprint(bp)
    app.extensions.setdefault("errors_at", {})["/mcp"] = on_http_error
