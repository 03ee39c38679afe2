"""The commands `incidents …` and `replay`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from majorops import clock
from majorops.cli.errors import report_errors
from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import IncidentStatus, IntakeSource, Severity
from majorops.models import Incident
from majorops.operations.fields import FIELDS
from majorops.operations.incident import open_incident
from majorops.replay import BadFile, StepRefused, read, run

incidents = AppGroup("incidents", help="Incidents: list them, open one.")


@incidents.command("list")
@click.option("--status", type=click.Choice([status.value for status in IncidentStatus]))
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of lines.")
@report_errors
def show(status: str | None, as_json: bool) -> None:
    """List the incidents, newest first."""
    query = select(Incident).options(selectinload(Incident.systems)).order_by(Incident.id.desc())
    if status:
        query = query.filter_by(status=IncidentStatus(status))
    rows = db.session.scalars(query)
    if as_json:
        click.echo(json.dumps([as_dict(incident) for incident in rows], indent=2))
        return
    for incident in rows:
        parts = (
            incident.reference,
            incident.severity.label,
            incident.phase.title,
            incident.status.label,
            incident.title,
        )
        click.echo("\t".join(parts))


def as_dict(incident: Incident) -> dict[str, object]:
    """The row of `incidents list --json`. Times are ISO 8601 in UTC, None where there is none yet."""
    return {
        "reference": incident.reference,
        "title": incident.title,
        "severity": incident.severity.value,
        "alarm_level": int(incident.alarm_level),
        "status": incident.status.value,
        "phase": int(incident.phase),
        "affected_systems": incident.system_names,
        "detected_at": incident.detected_at.isoformat(),
        "opened_at": incident.opened_at.isoformat(),
        "resolved_at": incident.resolved_at.isoformat() if incident.resolved_at else None,
        "next_update_eta": incident.next_update_eta.isoformat() if incident.next_update_eta else None,
        "public_title": incident.public_title,
        "is_public": incident.is_public,
        "public_from": incident.public_from.isoformat() if incident.public_from else None,
        "is_drill": incident.is_drill,
    }


@incidents.command("open")
@click.option("--title", required=True)
@click.option("--severity", required=True, type=click.Choice([severity.value for severity in Severity]))
@click.option(
    "--system", "systems", multiple=True, required=True, help="An affected system; may be repeated."
)
@click.option("--bridge-url", default="")
@click.option(
    "--public/--private",
    "is_public",
    default=None,
    help="Whether the public learns of it; without either as the settings say for its Box.",
)
@report_errors
def open_new(
    title: str, severity: str, systems: tuple[str, ...], bridge_url: str, is_public: bool | None
) -> None:
    """Open an incident; prints its reference. Its first public word waits as the settings say."""
    incident = open_incident(
        title=str(FIELDS["title"].accept(title)),
        severity=Severity(severity),
        systems=cast(list[str], FIELDS["affected_systems"].accept(",".join(systems))),
        bridge_url=cast("str | None", FIELDS["bridge_url"].accept(bridge_url)),
        source=IntakeSource.CLI,
        is_public=is_public,
        actor=SYSTEM,
        now=clock.now(),
    )
    click.echo(incident.reference)


@click.command("replay")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--speed", type=click.FloatRange(min=0, min_open=True), default=1.0, help="Recorded seconds per second."
)
@click.option("--instant", is_flag=True, help="No waiting between the steps.")
@click.option("--drill", is_flag=True, help="Mark the incident as a drill: it never reaches a public page.")
@report_errors
def replay(file: Path, speed: float, instant: bool, drill: bool) -> None:
    """Run a recorded incident through the same operations that a person's click takes;
    prints the reference.
    """
    try:
        incident = run(read(file), speed=None if instant else speed, is_drill=drill)
    except BadFile as problem:
        raise click.ClickException(f"{file.name}: {problem}") from None
    except StepRefused as problem:
        if problem.reference:
            click.echo(problem.reference)
        raise click.ClickException(str(problem)) from None
    click.echo(incident.reference)
