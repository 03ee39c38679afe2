"""The commands `sources …`."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import select

from majorops import clock
from majorops.cli.errors import report_errors
from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import SourceKind
from majorops.models import AlertSource
from majorops.operations.alert_sources import add_source

sources = AppGroup("sources", help="Monitoring systems that send alerts: add, list.")
KIND = click.Choice([kind.value for kind in SourceKind])


@sources.command("add")
@click.argument("kind", type=KIND)
@click.option("--name", required=True, help="What people call it.")
@click.option("--system", default="", help="What its alerts are about where they do not say.")
@click.option("--every", default="", help="Minutes within which it should speak; without it, whenever.")
@report_errors
def add(kind: str, name: str, system: str, every: str) -> None:
    """Let a monitoring system send alerts: print its address and its secret, this once."""
    given = {"name": name, "system": system, "every": every}
    row, secret = add_source(kind=SourceKind(kind), **given, actor=SYSTEM, now=clock.now())
    base = current_app.config["BASE_URL"] or ""
    click.echo(f"{base}{row.path}")
    click.echo(secret)


@sources.command("list")
@report_errors
def show() -> None:
    """List the sources: number, kind, name, address, and whether it is in use."""
    for row in db.session.scalars(select(AlertSource).order_by(AlertSource.id)):
        state = "in use" if row.is_active else "switched off"
        click.echo(f"{row.id}\t{row.kind.value}\t{row.name}\t{row.path}\t{state}")
