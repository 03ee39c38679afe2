"""Recorded incidents: the files are read strictly, the steps go through the operations,
the times come out as recorded.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.enums import IncidentStatus, Phase
from majorops.models import CommandAssignment, Incident, Milestone, TimelineEvent
from majorops.replay import BadFile, StepRefused, read, run
from tests.recordings import NAMES, recording

HERE = Path(__file__).parent / "replays"
HEAD = "title: T\nseverity: low\naffected_systems: [a]\nsteps:\n"
OPEN = "  - {at: 2026-01-01T10:00:00Z, do: open}\n"


def play(path: Path, **options) -> Incident:
    return run(
        read(path),
        speed=options.get("speed"),
        is_drill=options.get("is_drill", False),
        sleep=options.get("sleep"),
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_runs_through_to_its_close(app, name):
    file = recording(name)
    incident = play(file)
    assert incident.status is IncidentStatus.RESOLVED
    assert incident.phase is Phase.RESOLUTION
    assert incident.opened_at == read(file).steps[0].at
    entries = db.session.scalars(select(TimelineEvent).order_by(TimelineEvent.seq)).all()
    assert [entry.seq for entry in entries] == list(range(1, incident.version + 1))
    assert not [entry for entry in entries if entry.kind == "gate.overridden"]
    assert {entry.at for entry in entries} <= {step.at for step in read(file).steps}


def test_what_is_stored_carries_the_recorded_times(app):
    incident = play(HERE / "queue-backlog.yaml")
    assert incident.resolved_at == datetime(2026, 3, 4, 10, 31, tzinfo=UTC)
    assert incident.resolved_at - incident.detected_at == timedelta(minutes=91)
    assert db.session.scalar(select(func.count(Milestone.id))) == 2
    assert db.session.scalars(select(Milestone.number)).all() == [1, 2]
    mim = db.session.scalars(select(CommandAssignment.name).filter_by(role="mim")).all()
    assert mim == ["Duty manager"]


def test_drill(app):
    incident = play(HERE / "queue-backlog.yaml", is_drill=True)
    assert incident.is_drill
    assert app.test_client().get(f"/incidents/{incident.id}").status_code == 404


def test_speed_is_recorded_seconds_per_second(app):
    waits: list[float] = []
    play(HERE / "queue-backlog.yaml", speed=60, sleep=waits.append)
    recording = read(HERE / "queue-backlog.yaml")
    assert sum(waits) == (recording.steps[-1].at - recording.steps[0].at).total_seconds() / 60


def test_a_refused_step_stops_and_what_was_done_stays(app, tmp_path):
    path = tmp_path / "early.yaml"
    steps = (
        "  - {at: 2026-01-01T10:01:00Z, do: note, text: heard}\n"
        "  - {at: 2026-01-01T10:02:00Z, do: status, to: resolved}\n"
    )
    path.write_text(HEAD + OPEN + steps)
    with pytest.raises(StepRefused, match=r"step 3 \(status\): Resolved needs phase 8"):
        play(path)
    db.session.rollback()
    assert db.session.scalar(select(func.count(TimelineEvent.id)).filter_by(kind="note.logged")) == 1


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ("{at: 2026-01-01T10:01:00Z, do: explode}", "line 6: unknown deed 'explode'"),
        ("{at: 2026-01-01T10:01:00Z, do: note}", "line 6: missing argument: text"),
        ("{at: 2026-01-01T10:01:00Z, do: note, text: x, colour: red}", "line 6: unknown argument: colour"),
        ("{at: 2026-01-01T09:59:00Z, do: note, text: x}", "line 6: 09:59:00 is before the step above"),
        ("{at: 2026-01-01T10:01:00, do: note, text: x}", "line 6: at is no time with zone"),
        ("{at: soon, do: note, text: x}", "line 6: at is no time with zone"),
        ("{at: 2026-01-01T10:01:00Z, do: phase, to: 9}", "line 6: to is none of 1, 2"),
        ("{at: 2026-01-01T10:01:00Z, do: phase, to: true}", "line 6: to is none of 1, 2, 3, 4, 5, 6, 7, 8$"),
        ("{at: 2026-01-01T10:01:00Z, do: phase, to: '2'}", "line 6: to is none of 1, 2, 3, 4, 5, 6, 7, 8$"),
        ("{at: 2026-01-01T10:01:00Z, do: track, key: k, minutes: 5}", "missing argument: team, owner, goal"),
        ("{at: 2026-01-01T10:01:00Z, do: note, text: true}", "line 6: text is no text"),
        (
            "{at: 2026-01-01T10:01:00Z, do: milestone, body: b, is_resolution: 1}",
            "line 6: is_resolution is no true or false",
        ),
        ("{at: 2026-01-01T10:01:00Z, do: note, text: x, basis: rumour}", "line 6: basis is record or recon"),
        ("a text alone", "step 2: no mapping"),
        ("{at: 2026-01-01T10:01:00Z, do: severity, to: huge}", "line 6: to is none of critical"),
        (
            "{at: 2026-01-01T10:01:00Z, do: track_close, key: k, outcome: failed}",
            "line 6: no track 'k' above",
        ),
        (
            "{at: 2026-01-01T10:01:00Z, do: timebox, key: k, purpose: p, minutes: ten}",
            "line 6: minutes is no whole number",
        ),
        ("{at: 2026-01-01T10:01:00Z, do: edit, field: version, value: x}", "line 6: unknown field 'version'"),
        ("{at: 2026-01-01T10:01:00Z, do: open}", "line 6: the first step opens"),
        ("{at: 2026-01-01T10:01:00Z, do: note, text: x, text: y}", "line 6: a name stands twice"),
        ("!!python/object/apply:os.system ['true']", "line 6: no YAML"),
    ],
)
def test_a_bad_file_is_refused_with_its_line_before_anything_is_stored(app, tmp_path, step, why):
    path = tmp_path / "bad.yaml"
    path.write_text(HEAD + OPEN + f"  - {step}\n")
    with pytest.raises(BadFile, match=why.replace("(", r"\(")):
        play(path)
    assert db.session.scalar(select(func.count(Incident.id))) == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no recording"),
        ("title: T\n", "missing in the head: severity, affected_systems, steps"),
        (HEAD.replace("low", "loud") + OPEN, "severity is none of"),
        (HEAD.replace("title: T", "title: T\nalert: loud") + OPEN, "alert is no mapping"),
        (HEAD.replace("title: T", "title: T\ncommand: {boss: B}") + OPEN, "line 2: boss is none of sre, mim"),
        (HEAD.replace("[a]", "a") + OPEN, "affected_systems and steps are lists"),
        (HEAD.replace("title: T", "title: T\nmood: bad") + OPEN, "unknown in the head: mood"),
        (HEAD.replace("title: T", "title: T\nbridge_url: javascript:x") + OPEN, "use a web address"),
    ],
)
def test_a_bad_head(app, tmp_path, text, why):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(BadFile, match=why):
        read(path)
