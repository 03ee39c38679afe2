"""Nothing internal surfaces: every text column of every mapped class carries a marker,
every public address is read.
"""

from __future__ import annotations

import json

import pytest
from sqlalchemy import Date, String, Text, select, update

from majorops.db import Base, UTCDateTime, db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import (
    AccountRole,
    ActionKind,
    AlarmLevel,
    AlertState,
    BriefPage,
    CardTier,
    ChannelKind,
    CommandRole,
    DeliveryState,
    EventType,
    Helper,
    IncidentStatus,
    IntakeSource,
    MaintenanceStatus,
    Notice,
    Phase,
    Severity,
    SignInMethod,
    SourceKind,
    SystemStatus,
    TrackOutcome,
    Visibility,
)
from majorops.domain.events import EventKind
from majorops.domain.paging import Call
from majorops.models import (
    Announcement,
    Incident,
    Maintenance,
    OutgoingEvent,
    Publication,
    TimelineEvent,
)
from majorops.notifications.outgoing import read
from majorops.notifications.public import render_announcement
from majorops.operations.endpoints import add_endpoint
from majorops.projections.values import PUBLIC_TEXTS
from majorops.publishing.files import PublicFiles
from majorops.web.access import is_admin_endpoint

MARK = "CANARY"
VALUES = {
    "severity": Severity.CRITICAL,
    "alarm_level": AlarmLevel.BOX_3,
    "status": IncidentStatus.ACTIVE,
    "phase": Phase.ASSESS,
    "intake_source": IntakeSource.WEB,
    "status_at_cut": IncidentStatus.ACTIVE,
    "type": EventType.ACTION,
    "visibility": Visibility.INTERNAL,
    "role": CommandRole.SRE,
    "method": SignInMethod.LOCAL,
    "outcome": TrackOutcome.RUNNING,
    "tier": CardTier.AGENCY,
    "notice": Notice.ALARM,
    "state": DeliveryState.SENT,
    "kind": ChannelKind.EMAIL,
    "action_item.kind": ActionKind.PREVENT,
    "alert.state": AlertState.FIRING,
    "alert_group.state": AlertState.FIRING,
    "alert_source.kind": SourceKind.GENERIC,
    "page": BriefPage.EXEC,
    "page.call": Call.FIRST,
    "helper": Helper.UPDATE,
}


def by_reference() -> list:
    """The mapped classes, each after those that it refers to."""
    order = {table: place for place, table in enumerate(Base.metadata.sorted_tables)}
    return sorted(Base.registry.mappers, key=lambda mapper: order[mapper.local_table])


def kind_of(type) -> tuple:
    """The enumeration of a column; none for others."""
    members = getattr(type, "enum_class", None) or getattr(type, "members", None)
    return (members,) if members else ()


def value_of(column) -> object:
    """The value of an enumeration for this column, by its table's name or by its own; None for none."""
    return VALUES.get(f"{column.table.name}.{column.key}", VALUES.get(column.key))


def marked_row(mapper, incident_id: int, now, seq: int, **more):
    """A row whose free text columns all say CANARY, internal as it would be by default."""
    given = {}
    for column in mapper.columns:
        name = column.key
        if column.primary_key and not isinstance(column.type, String):
            continue
        if name in more:
            given[name] = more[name]
        elif name == "incident_id":
            given[name] = incident_id
        elif name == "user_id" or (name.endswith("_id") and column.foreign_keys and not column.nullable):
            given[name] = 1
        elif name.endswith("_id") and column.foreign_keys and column.nullable:
            continue
        elif isinstance(value := value_of(column), kind_of(column.type)):
            given[name] = value
        elif isinstance(column.type, UTCDateTime | Date):
            if not column.nullable:
                given[name] = now.date() if isinstance(column.type, Date) else now
        elif isinstance(column.type, String | Text) and not hasattr(column.type, "enum_class"):
            given[name] = (
                f"{MARK}-{column.table.name}-{name}-{seq}".lower()
                if name == "email"
                else f"{MARK}-{column.table.name}-{name}-{seq}"
            )
            if name == "token_hash":
                given[name] = given[name][:64]
            given[name] = given[name][: getattr(column.type, "length", None) or 500]
        elif name in ("seq", "number", "minutes", "step", "code") or (
            name == "version" and not column.default
        ):
            given[name] = seq
    return mapper.class_(**given)


def mapper_of(name: str):
    """The mapper of the class with this name."""
    return next(mapper for mapper in Base.registry.mappers if mapper.class_.__name__ == name)


def say_in_public(number: int, now) -> None:
    """What names a system of the catalogue that is not public, or a number inside, and is public else."""
    hidden = f"{MARK}-system"
    catalogue = [
        {"name": "payments-api", "is_public": True, "group_name": "Payments"},
        {"name": hidden, "is_public": False},
        {"name": f"{MARK}-retired", "is_public": False, "is_active": False},
    ]
    db.session.add_all(marked_row(mapper_of("System"), 0, now, 1, **row) for row in catalogue)
    for seq, name in enumerate((hidden, f"{MARK}-typed", f"{MARK}-retired"), 20):
        given = {"name": name, "status": SystemStatus.MAJOR}
        db.session.add(marked_row(mapper_of("AffectedSystem"), number, now, seq, **given))
        db.session.add(marked_row(mapper_of("SystemState"), number, now, seq, **given))
        given = {"kind": EventKind.SYSTEM_STATUS, "title": f"{name}: major outage", "detail": ""}
        given |= {"visibility": Visibility.PUBLIC, "system": name, "public_key": f"key{seq}"}
        db.session.add(marked_row(mapper_of("TimelineEvent"), number, now, seq, **given))
    given = {"field": "affected_systems", "visibility": Visibility.PUBLIC, "system": None}
    db.session.add(marked_row(mapper_of("TimelineEvent"), number, now, 30, public_key="key30", **given))
    given = {"title": "", "body": "said to everybody", "visibility": Visibility.PUBLIC}
    given |= {"number": 8, "public_number": 1, "public_key": "keyforall1"}
    milestone = marked_row(mapper_of("Milestone"), number, now, 8, **given)
    db.session.add(milestone)
    db.session.flush()
    given = {"title": "Milestone 8", "detail": "", "system": None, "publication_id": milestone.id}
    given |= {"type": EventType.UPDATE, "visibility": Visibility.PUBLIC, "public_key": "key31"}
    db.session.add(marked_row(mapper_of("TimelineEvent"), number, now, 31, **given))


@pytest.fixture
def full_record(app, clock):
    """Three incidents (public, private, drill) and a row of every mapped class for each."""
    now = clock()
    user_mapper = next(m for m in Base.registry.mappers if m.class_.__name__ == "User")
    db.session.add(marked_row(user_mapper, 0, now, 1, role=AccountRole.ADMIN))
    db.session.flush()
    for name in ("RunCard", "RunCardVersion", "Subscriber", "AlertSource", "Endpoint", "Rota"):
        mapper = next(m for m in Base.registry.mappers if m.class_.__name__ == name)
        db.session.add(marked_row(mapper, 0, now, 1))
        db.session.flush()
    for seq, flags in enumerate(({}, {"is_public": False}, {"is_drill": True}), 1):
        mapper = next(m for m in Base.registry.mappers if m.class_ is Incident)
        title = "shown to everybody" if not flags else f"{MARK}-title"
        # Written for the public; of a private incident and a drill they are as hidden as all else.
        public = {} if flags else dict.fromkeys(PUBLIC_TEXTS, "for everybody")
        incident = marked_row(
            mapper,
            0,
            now,
            seq,
            title=f"{MARK}-title",
            public_title=title,
            version=1,
            bridge_url=f"https://{MARK}.example",
            **public,
            **flags,
        )
        db.session.add(incident)
        db.session.flush()
        for other in by_reference():
            if "incident_id" not in other.columns or other.class_.__name__ == "Publication":
                continue
            more = {}
            if other.class_.__name__ == "AffectedSystem" and not flags:
                more["name"] = "payments-api"
            if other.class_.__name__ == "SystemState":
                more["status"] = SystemStatus.MAJOR
            if other.class_.__name__ == "MeasuredIncident":
                more |= {"form": 1, "numbers": b""}
            if other.class_.__name__ == "StatusUpdate":
                more["number"] = None
            if other.class_.__name__ == "Milestone":
                more["number"] = 1
            row = marked_row(other, incident.id, now, seq, **more)
            db.session.add(row)
            db.session.flush()
        # A public update that was withdrawn leaves its time and no text; its key is the public's.
        gone = mapper_of("StatusUpdate")
        given = {"number": None, "public_key": None, "withdrawn_at": now}
        db.session.add(marked_row(gone, incident.id, now, 9, **given))
        if not flags:
            say_in_public(incident.id, now)
    # All text of maintenance is written for the public; what is not shown must not leak.
    for status in MaintenanceStatus:
        for name in ("Maintenance", "MaintenanceUpdate"):
            mapper = next(m for m in Base.registry.mappers if m.class_.__name__ == name)
            row = marked_row(mapper, 0, now, 1, status=status, is_public=False)
            db.session.add(row)
            db.session.flush()
    given = {"title": "works for everybody", "body": "", "is_public": True}
    given |= {"status": MaintenanceStatus.RUNNING, "systems": f"payments-api, {MARK}-system, {MARK}-typed"}
    db.session.add(marked_row(mapper_of("Maintenance"), 0, now, 1, **given))
    db.session.commit()
    app.extensions["has_accounts"] = True
    return app


def addresses(app):
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if "GET" not in rule.methods or rule.endpoint == "static" or is_admin_endpoint(rule.endpoint):
            continue
        if getattr(view, "access", None) != "public":
            continue
        if "number" in rule.arguments:
            yield from (rule.rule.replace("<int:number>", str(n)) for n in (1, 2, 3, 4, 6, 99))
            yield rule.rule.replace("<int:number>", "1") + "?before=99"
        elif rule.arguments == {"system"}:
            yield rule.rule.replace("<system>", "payments-api")
        elif rule.arguments:
            continue
        else:
            yield rule.rule
    yield "/no-such-address"
    yield "/admin/incidents/1"
    yield "/new?title=x"


def test_no_internal_text_on_any_public_address(full_record):
    client, seen = full_record.test_client(), 0
    for address in addresses(full_record):
        answer = client.get(address)
        text = answer.text + str(answer.headers)
        assert MARK.lower() not in text.lower(), address
        seen += 1
    assert seen >= 12
    assert "shown to everybody" in client.get("/").text
    page = client.get("/incidents/1").text
    for words in ("withdrawn", "said to everybody", "payments-api", "Milestone 1"):
        assert words in page, words
    assert "Milestone 8" not in page
    assert "works for everybody" in client.get("/").text


def test_no_internal_text_in_any_file(full_record, tmp_path):
    PublicFiles(full_record, full_record.extensions["snapshots"], tmp_path).write_all()
    files = [path for path in tmp_path.rglob("*.*") if path.is_file() and path.suffix != ".woff2"]
    assert len(files) > 20
    for path in files:
        assert MARK.lower() not in (path.name + path.read_text()).lower(), path
    assert "said to everybody" in (tmp_path / "incidents/1.html").read_text()


def test_no_internal_text_in_any_mail_or_webhook(full_record, clock):
    """Of everything that was ever announced, public or not by now, in every language."""
    works = db.session.scalars(select(Maintenance.id)).all()
    said = db.session.execute(select(Publication.incident_id, Publication.id)).all()
    about = [{"incident_id": number} for number in (1, 2, 3)] + [
        {"maintenance_id": number} for number in works
    ]
    about += [{"incident_id": number, "publication_id": publication} for number, publication in said]
    rows = [Announcement(act=f"opened:{n}", at=clock(), **what) for n, what in enumerate(about)]
    db.session.add_all(rows)
    db.session.commit()
    told = [render_announcement(row, full_record.config, clock()) for row in rows]
    assert len(list(filter(None, told))) == 3  # the public incident, its milestone, its maintenance
    text = json.dumps(told, ensure_ascii=False)
    assert MARK.lower() not in text.lower()
    for words in ("shown to everybody", "said to everybody", "works for everybody"):
        assert words in text, words


@pytest.mark.parametrize("is_full", [True, False])
def test_no_internal_text_in_any_event_but_to_internal_endpoints(full_record, clock, is_full):
    """Of every entry there is, as if each had been queued for an endpoint; an internal one reads all."""
    bodies = {}
    for is_internal in (False, True):
        given = {"name": f"for {is_internal}", "address": "https://hooks.example.org/x"}
        given |= {"is_internal": is_internal, "is_full": is_full}
        endpoint, _ = add_endpoint(**given, actor=SYSTEM, now=clock())
        entries = db.session.scalars(select(TimelineEvent)).all()
        rows = [
            OutgoingEvent(
                key=f"msg {is_internal} {entry.id} {kind}",
                endpoint_id=endpoint.id,
                kind=kind,
                incident_id=entry.incident_id,
                seq=entry.seq,
                state=DeliveryState.PENDING,
                next_at=clock(),
                created_at=clock(),
            )
            for entry in entries
            for kind in (EventKind.NOTE_LOGGED, EventKind.INCIDENT_PUBLISHED)
        ]
        db.session.add_all(rows)
        db.session.commit()
        events = [read(row.id, full_record.config, clock()) for row in rows]
        bodies[is_internal] = b"".join(one.body for one in events).decode()
    assert MARK.lower() not in bodies[False].lower()
    assert bodies[False].count('"type"') >= 3
    assert ("shown to everybody" in bodies[False]) is is_full
    assert (f"{MARK}-timeline_event-detail" in bodies[True]) is is_full


def test_a_system_would_be_seen(full_record, monkeypatch):
    """With the rule of the catalogue gone, the marked names show, on the page and in the JSON."""
    from sqlalchemy import true

    from majorops.projections import feed, queries, systems

    for module in (queries, feed, systems):
        monkeypatch.setattr(module, "IS_PUBLIC_SYSTEM", true())
    client = full_record.test_client()
    for address in ("/", "/incidents/1", "/api/v2/incidents.json", "/maintenance.ics"):
        assert f"{MARK}-system" in client.get(address).text, address


def test_no_answer_that_a_cache_may_keep_brings_a_session(app, cast):
    """A shared cache would hand the session of who is signed in to whoever comes next."""
    cast.open()
    client, kept = cast.browser("maya"), 0
    for address in addresses(app):
        answer = client.get(address)
        if answer.cache_control.public:
            assert "Set-Cookie" not in answer.headers, address
            kept += 1
    assert kept >= 12


def test_private_and_drill_answer_like_a_number_never_used(full_record):
    client = full_record.test_client()
    never = client.get("/incidents/77")
    assert never.status_code == 404
    assert "INC-077 is not public or does not exist." in never.text
    for number in (2, 3):
        answer = client.get(f"/incidents/{number}")
        text = answer.text.replace(f"INC-00{number}", "INC-077")  # what was asked for, and nothing else
        assert (answer.status_code, text, dict(answer.headers)) == (404, never.text, dict(never.headers))


def test_the_canary_would_be_seen(full_record, monkeypatch):
    """The test itself is tested: with the visibility rule gone, the marker shows."""
    from sqlalchemy import true

    from majorops.projections import queries

    monkeypatch.setattr(queries, "IS_PUBLIC_ENTRY", true())
    assert MARK in full_record.test_client().get("/incidents/1").text


def test_maintenance_that_is_not_public_would_be_seen(full_record):
    """Shown, its texts stand on the page, in feeds and in the calendar;
    hidden, the crawl above finds none of them.
    """
    db.session.execute(update(Maintenance).values(is_public=True))
    db.session.commit()
    client = full_record.test_client()
    for address in (
        "/",
        "/maintenance.ics",
        "/maintenance.atom",
        "/maintenance.rss",
        "/maintenance/1",
        "/api/v2/scheduled-maintenances.json",
    ):
        assert f"{MARK}-maintenance-title" in client.get(address).text, address


def test_strangers_get_no_cookie(full_record):
    client = full_record.test_client()
    for address in ("/", "/incidents/1", "/healthz"):
        answer = client.get(address)
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")


def test_every_text_column_is_marked(full_record):
    """A new text column takes part by itself."""
    incident = db.session.scalar(select(Incident).filter_by(id=1))
    for column in Incident.__table__.columns:
        if column.key in PUBLIC_TEXTS:
            continue
        if isinstance(column.type, Text) or column.key in ("alert_id", "opened_by_name"):
            assert MARK in getattr(incident, column.key), column
