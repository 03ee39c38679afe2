"""MajorOps: incident command in the browser."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import StrictUndefined

import config
from majorops import (
    account,
    admin,
    agents,
    alerts,
    api,
    briefs,
    chat,
    cli,
    fireground,
    maintenance,
    measures,
    public,
    reviews,
    scim,
    search,
    web,
)
from majorops.admin.imports import allow_long_files
from majorops.db import db, engine_options, migrate
from majorops.domain.origin import public_origin
from majorops.logs import write_json
from majorops.operations import before_commit
from majorops.operations.announcements import announce_entries
from majorops.operations.measured import keep_measured
from majorops.operations.outgoing import queue_events
from majorops.operations.system_states import keep_system_states
from majorops.public.page import keep_status_host_public
from majorops.publishing.files import PublicFiles
from majorops.publishing.snapshots import Snapshots
from majorops.realtime import invalidation
from majorops.web.health import HealthMonitor, files_problem

ROOT = Path(__file__).resolve().parent.parent


def create_app(settings: dict[str, Any] | None = None) -> Flask:
    """Build the application.

    `settings`: configuration keys (see config.py) that replace what the environment says; tests use it.
    Raises ConfigError for a setting that cannot be right.
    """
    app = Flask(__name__, template_folder=ROOT / "templates", instance_path=str(ROOT / "instance"))
    read = config.load() if settings is None else config.load({})
    values = dict(read) | (settings or {})
    app.extensions["setting_states"] = read.states | dict.fromkeys(settings or (), config.SET)
    app.extensions["unknown_settings"] = read.unknown
    app.config.update(
        values,
        SQLALCHEMY_DATABASE_URI=values["DATABASE_URL"],
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(values["DATABASE_URL"]),
        MAX_CONTENT_LENGTH=256 * 1024,
        MAX_FORM_MEMORY_SIZE=256 * 1024,
    )
    if values["LOG_JSON"]:
        write_json(sys.stderr)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    before_commit(app, announce_entries)
    before_commit(app, keep_system_states)
    before_commit(app, keep_measured)
    before_commit(app, queue_events)
    invalidation.init_app(app)
    # First: who may use a page is no question where there is none.
    app.before_request(keep_status_host_public)
    app.before_request(allow_long_files)
    for part in (
        web,
        public,
        fireground,
        maintenance,
        reviews,
        measures,
        briefs,
        account,
        admin,
        alerts,
        api,
        agents,
        chat,
        scim,
        search,
        cli,
    ):
        part.init_app(app)
    app.extensions["snapshots"] = Snapshots(app)
    app.extensions["public_origin"] = public_origin(app.config)
    if folder := app.config["PUBLIC_DIR"]:
        snapshots = app.extensions["snapshots"]
        app.extensions["public_files"] = PublicFiles(app, snapshots, Path(folder))
        snapshots.after_round = app.extensions["public_files"].freshen
    app.extensions["health"] = HealthMonitor(app, on_change=lambda: invalidation.publish_server_state(app))
    app.add_template_global(lambda: files_problem(app), "files_problem")
    app.add_template_global(lambda: app.extensions["health"].seen.problems, "server_problems")
    return app
