"""The command line: `flask --app app …`. Expected trouble is one line and a non-zero exit."""

from __future__ import annotations

from flask import Flask

from majorops.cli import accounts, backups, incidents, server, sources, tokens


def init_app(app: Flask) -> None:
    """Register every command there is."""
    for command in (
        accounts.users,
        accounts.rotate,
        tokens.tokens,
        sources.sources,
        incidents.incidents,
        incidents.replay,
        backups.backup,
        backups.verify,
        backups.restore_command,
        server.demo,
        server.work,
        server.publish,
        server.search_rebuild,
        server.measure,
        server.check,
    ):
        app.cli.add_command(command)
