"""One application for all tests of a process that want the same settings:
making one costs more than most tests.

Between two tests it is put back as it was made, and the database too (conftest.py). What an application
keeps in memory is listed here; an extension that is not fails every test with the line that is missing.
"""

from __future__ import annotations

from collections import OrderedDict

from flask import Flask

from majorops import create_app
from majorops.alerts.receiver import STRANGERS, STRANGERS_SPAN
from majorops.operations import reminders
from majorops.publishing.snapshots import Snapshots
from majorops.realtime import invalidation
from majorops.web.budget import Budget
from majorops.web.health import HealthMonitor
from tests.quick import keep_templates

MOST = 12  # applications kept at once

# Settings that are read when they are needed, never when an application is made.
READ_LATE = (
    "AI_",
    "OIDC_ROLE_MAP",
    "OIDC_UNMAPPED",
    "PUBLIC_BOXES",
    "PUBLIC_HOLD",
    "PUBLIC_REVIEW",
    "PUBLIC_TITLE",
    "SCIM_TOKEN",
    "WEBHOOK_PRIVATE",
    "WTF_CSRF_ENABLED",
)
# These applications keep more than can be put back: a provider's documents, keys, a folder written to.
NEVER_KEPT = ("OIDC_ISSUER", "CF_ACCESS_TEAM", "PROXY_JWT_HEADER", "PUBLIC_DIR")

# Extensions that no request changes.
SAME = {
    "errors_at",
    "before_commit",
    "sqlalchemy",
    "migrate",
    "csrf",
    "admin",
    "public_origin",
    "unavailable_page",
    "setting_states",
    "unknown_settings",
}


def renew(app: Flask) -> None:
    """What an application remembers in memory, new: who looks at what, tickets, drawn public pages."""
    app.extensions["after_commit"] = []
    invalidation.init_app(app)
    app.extensions["snapshots"] = Snapshots(app)
    app.extensions["health"] = HealthMonitor(app)
    app.extensions["api_budget"] = Budget()
    app.extensions["alert_strangers"] = Budget(STRANGERS, STRANGERS_SPAN)


RENEWED = {"after_commit", "alert_strangers", "api_budget", "live", "tickets", "snapshots", "health"}


class Applications:
    """`get(settings)` gives an application as `create_app(settings)` would;
    the same object again and again.
    """

    def __init__(self):
        self._kept: OrderedDict[str, tuple[Flask, dict, dict]] = OrderedDict()

    def get(self, settings: dict[str, object], *, is_own: bool = False) -> Flask:
        """`is_own`: a fresh one, for a test that adds a route or the like."""
        reminders._looked.clear()
        if is_own or any(settings.get(name) for name in NEVER_KEPT):
            return _made(settings)
        early = {name: value for name, value in settings.items() if not name.startswith(READ_LATE)}
        key = repr(sorted(early.items()))
        if key not in self._kept:
            app = _made(early)
            emptied = {name for name, value in app.extensions.items() if value == {}}
            if unknown := set(app.extensions) - SAME - RENEWED - emptied:
                raise RuntimeError(f"tests/applications.py does not say how to put back: {sorted(unknown)}")
            self._kept[key] = app, dict(app.config), app.extensions | {name: {} for name in emptied}
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        app, config, extensions = self._kept[key]
        app.config.clear()
        app.config.update(config | settings)
        app.extensions.clear()
        app.extensions.update({name: {} if value == {} else value for name, value in extensions.items()})
        renew(app)
        return app


def _made(settings: dict[str, object]) -> Flask:
    app = create_app(settings)
    keep_templates(app)
    return app
