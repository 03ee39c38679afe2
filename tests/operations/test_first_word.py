"""The first public word: by Box, after its time, undone, read first; under a title of its own.

Here the settings are those that people get.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import IncidentStatus, Severity, Visibility
from majorops.domain.errors import Conflict, Forbidden
from majorops.domain.importing import read_incidents
from majorops.domain.visibility import PublicState, first_title, may_read_brief
from majorops.models import Announcement, Incident, System, TimelineEvent
from majorops.notifications import Worker
from majorops.notifications.public import render_announcement
from majorops.operations import catalogue, curation, first_word, phase, updates
from majorops.operations.edit import edit_field
from majorops.operations.first_word import keep_private, publish_due, publish_incident
from majorops.operations.imports import import_incidents
from majorops.operations.incident import continue_incident
from majorops.projections import public_status

PUBLIC = Visibility.PUBLIC
SECRET_TITLE = "Customer ACME data breach"
SURFACES = (
    "/",
    "/de/",
    "/history",
    "/status.txt",
    "/history.rss",
    "/history.atom",
    "/badge.svg",
    "/sitemap.xml",
    "/api/v2/summary.json",
    "/api/v2/status.json",
    "/api/v2/incidents.json",
    "/api/v2/incidents/unresolved.json",
    "/api/v2/components.json",
)
PAGES = ("/incidents/1", "/de/incidents/1", "/incidents/1.txt")
DEFAULTS = {
    "PUBLIC_BOXES": frozenset({2, 3}),
    "PUBLIC_HOLD": 60,
    "PUBLIC_REVIEW": False,
    "PUBLIC_TITLE": "Problems with {systems}",
}


@pytest.fixture
def settings(settings):
    return settings | DEFAULTS


@pytest.fixture
def shop(cast, clock):
    """A public system, one with a template of its own, and one that is not public."""
    for name, is_public, template in (
        ("checkout-web", True, ""),
        ("payments-api", True, "Problems paying by card"),
        ("ledger-db", False, "Ledger {system} is down"),
    ):
        given = {"name": name, "is_public": is_public, "public_title": template}
        catalogue.add_system(**given, actor=cast.ada, now=clock())


def outside(client, found: str) -> set[str]:
    """The public addresses that say this, or that there is an incident at all where it is `/incidents/1`."""
    client.application.extensions["snapshots"].invalidate()
    return {path for path in (*SURFACES, *PAGES) if found in client.get(path).text}


def told() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Announcement.act).order_by(Announcement.id)))


def record(kind: str) -> list[tuple[str, str]]:
    rows = select(TimelineEvent.title, TimelineEvent.actor_name).filter_by(kind=kind)
    return [tuple(row) for row in db.session.execute(rows.order_by(TimelineEvent.id))]


@pytest.mark.parametrize(
    ("severity", "state"),
    [
        (Severity.CRITICAL, PublicState.WAITING),
        (Severity.HIGH, PublicState.WAITING),
        (Severity.MEDIUM, PublicState.PRIVATE),
        (Severity.LOW, PublicState.PRIVATE),
    ],
)
def test_the_box_says_what_an_incident_opens_as(cast, severity, state):
    incident = cast.open(severity=severity)
    assert incident.public_state is state
    assert not incident.is_shown


def test_whoever_opens_it_says_otherwise(cast):
    assert cast.open(severity=Severity.LOW, is_public=True).public_state is PublicState.WAITING
    assert cast.open(is_public=False).public_state is PublicState.PRIVATE
    assert [title for title, _ in record("public.waits")] == [
        "Public from 14:01:00 UTC: “Problems with our services”",
        "Opened privately, as chosen",
    ]


def test_nothing_of_it_is_outside_until_its_time(cast, clock, client, shop):
    cast.open(title=SECRET_TITLE, systems=["payments-api"])
    clock.tick(seconds=59)
    publish_due(clock())
    assert outside(client, SECRET_TITLE) | outside(client, "paying by card") == set()
    assert {client.get(path).status_code for path in PAGES} == {404}
    assert told() == []
    assert public_status(clock()).active == ()
    clock.tick(seconds=1)
    publish_due(clock())
    assert told() == ["opened:1"]
    shown = outside(client, "Problems paying by card")
    assert set(PAGES) | {"/", "/de/", "/api/v2/summary.json", "/api/v2/incidents.json"} <= shown
    assert {"/history.rss", "/history.atom", "/history", "/status.txt"} <= shown
    assert outside(client, SECRET_TITLE) == set()
    assert record("public.published") == [
        ("Published by itself, 60 s after it was asked for: “Problems paying by card”", "MajorOps")
    ]


def test_mail_and_webhook_say_the_public_title_alone(app, cast, clock, shop):
    incident = cast.open(title=SECRET_TITLE, systems=["payments-api"])
    publish_incident(incident, actor=cast.maya, now=clock())
    row = db.session.scalar(select(Announcement))
    said = json.dumps(render_announcement(row, app.config, clock()), ensure_ascii=False)
    assert "Problems paying by card" in said
    assert SECRET_TITLE not in said


def test_a_worker_of_another_process_publishes_what_it_did_not_open(app, cast, clock):
    """What waits stands in the database alone: whoever held it may be dead."""
    cast.open()
    db.session.remove()
    clock.tick(seconds=61)
    Worker(app, on_delivery=lambda number: None)._tick()
    db.session.rollback()
    assert db.session.get(Incident, 1).is_shown


def test_undone_it_stays_inside_and_the_record_says_by_whom(cast, clock, client):
    incident = cast.open(title=SECRET_TITLE)
    clock.tick(seconds=40)
    keep_private(incident, actor=cast.omar, now=clock())
    keep_private(incident, actor=cast.omar, now=clock())
    clock.tick(minutes=5)
    publish_due(clock())
    assert incident.public_state is PublicState.PRIVATE
    assert told() == []
    assert {client.get(path).status_code for path in PAGES} == {404}
    assert record("public.undone") == [("Undone: not published, stays private", "Omar Haddad")]


def test_too_late_to_undo(cast, clock):
    incident = cast.open()
    publish_incident(incident, actor=cast.maya, now=clock())
    with pytest.raises(Conflict, match="Too late to undo: it is public since 14:00:00 UTC"):
        keep_private(incident, actor=cast.maya, now=clock())


def test_publish_now_publishes_once_what_was_read(cast, clock):
    incident = cast.open()
    with pytest.raises(Conflict, match=r"changed meanwhile\. It says now: “Problems with our services”"):
        publish_incident(incident, title="Something else", actor=cast.maya, now=clock())
    for _ in range(2):
        publish_incident(incident, title=incident.public_title, actor=cast.maya, now=clock())
    assert record("public.published") == [("Published: “Problems with our services”", "Maya Okafor")]
    assert told() == ["opened:1"]
    with pytest.raises(Forbidden):
        publish_incident(incident, actor=cast.rita, now=clock())


def test_what_was_said_meanwhile_is_what_the_public_hears_first(cast, clock):
    incident = cast.open()
    posted = updates.post_holding(incident, actor=cast.maya, now=clock())
    assert posted.visibility is PUBLIC
    assert told() == []
    clock.tick(minutes=1)
    publish_due(clock())
    assert told() == [f"said:{posted.id}"]


def test_what_is_over_before_its_time_is_told_as_over(cast, clock):
    incident = cast.open()
    cast.resolve(incident)
    clock.tick(minutes=1)
    publish_due(clock())
    assert told() == ["resolved:1"]
    assert incident.is_shown


def test_with_a_review_nothing_goes_out_by_itself(app, cast, clock):
    app.config["PUBLIC_REVIEW"] = True
    incident = cast.open()
    assert incident.public_state is PublicState.REVIEW
    clock.tick(hours=3)
    publish_due(clock())
    assert told() == []
    publish_incident(incident, actor=cast.omar, now=clock())
    said = "Read and published: “Problems with our services”"
    assert record("public.published") == [(said, "Omar Haddad")]
    assert told() == ["opened:1"]


def test_the_field_waits_for_the_first_word_and_not_for_the_second(cast, clock):
    incident = cast.open(is_public=False)
    who = {"actor": cast.maya, "now": clock()}
    assert edit_field(incident, "is_public", "yes", **who)
    assert incident.public_state is PublicState.WAITING
    assert edit_field(incident, "is_public", "no", **who)
    assert incident.public_state is PublicState.PRIVATE
    publish_incident(incident, **who)
    edit_field(incident, "is_public", "no", **who)
    assert not incident.is_shown
    edit_field(incident, "is_public", "yes", **who)
    assert incident.is_shown
    assert told() == ["opened:1"]


def test_a_drill_is_never_published(cast, clock):
    drill = cast.open(is_drill=True)
    with pytest.raises(Conflict, match="A drill stays inside"):
        publish_incident(drill, actor=cast.maya, now=clock())
    clock.tick(minutes=2)
    publish_due(clock())
    assert told() == []


@pytest.mark.parametrize("publish", [publish_incident, first_word.publish_in_time])
def test_a_private_one_that_is_over_is_put_on_the_page_and_announced_to_nobody(cast, clock, publish):
    incident = cast.open(is_public=False)
    cast.resolve(incident)
    publish(incident, actor=cast.maya, now=clock())
    assert incident.is_shown
    assert told() == []


@pytest.mark.parametrize("is_drill", [True, False])
def test_what_waits_and_is_marked_as_a_drill_or_merged_does_not_go_out(cast, clock, is_drill):
    waiting, kept = cast.open(), cast.open(title="the same")
    who = {"actor": cast.maya, "now": clock()}
    if is_drill:
        curation.set_drill(waiting, True, **who)
    else:
        curation.merge_incident(waiting, kept, **who)
    clock.tick(hours=1)
    publish_due(clock())
    assert waiting.public_state is PublicState.PRIVATE
    assert told() == [f"opened:{kept.id}"]


def test_what_continues_waits_only_where_nobody_has_read_its_title(cast, clock):
    for is_public in (True, False):
        incident = cast.open(is_public=is_public)
        if is_public:
            publish_incident(incident, actor=cast.maya, now=clock())
        phase.change_status(incident, IncidentStatus.RESOLVED, override="x", actor=cast.maya, now=clock())
        assert continue_incident(incident, actor=cast.maya, now=clock()).is_shown is is_public


@pytest.mark.parametrize(
    ("systems", "title"),
    [
        (["checkout-web"], "Problems with checkout-web"),
        (["checkout-web", "payments-api"], "Problems paying by card"),
        (["ledger-db", "checkout-web"], "Problems with checkout-web"),
        (["ledger-db"], "Problems with our services"),
        (["acme-tenant"], "Problems with our services"),
    ],
)
def test_a_title_names_what_the_public_knows(cast, shop, systems, title):
    assert cast.open(title=SECRET_TITLE, systems=systems).public_title == title


def test_titles_of_many_systems_and_of_own_templates():
    names = ["a", "b", "c", "d"]
    assert first_title("Problems with {systems}", "T", names) == "Problems with a, b and other systems"
    assert first_title("{title}", "T", []) == "T"
    assert len(first_title("Problems with {systems}", "T", ["x" * 300])) == 200


def test_a_title_that_nobody_wrote_follows_the_systems_until_it_is_read_outside(cast, clock, shop):
    incident = cast.open(systems=["ledger-db"])
    who = {"actor": cast.maya, "now": clock()}
    edit_field(incident, "affected_systems", "checkout-web", **who)
    assert incident.public_title == "Problems with checkout-web"
    edit_field(incident, "public_title", "Checkout is slow", **who)
    edit_field(incident, "affected_systems", "payments-api", **who)
    assert incident.public_title == "Checkout is slow"
    edit_field(incident, "public_title", "", **who)
    assert incident.public_title == "Problems paying by card"
    publish_incident(incident, **who)
    edit_field(incident, "affected_systems", "checkout-web", **who)
    assert incident.public_title == "Problems paying by card"


def test_a_row_without_a_public_title_shows_no_other_one(cast, clock, client):
    """The version before this one writes such rows while both run."""
    incident = cast.open(title=SECRET_TITLE)
    incident.is_public, incident.public_from, incident.public_title = True, None, ""
    db.session.commit()
    assert "/incidents/1" in outside(client, "Problems with our services")
    assert outside(client, SECRET_TITLE) == set()


@pytest.mark.parametrize("hold", [0, 5])
def test_the_seconds_are_a_setting(app, cast, clock, hold):
    app.config["PUBLIC_HOLD"] = hold
    incident = cast.open()
    assert incident.is_shown is (hold == 0)
    clock.tick(seconds=5)
    publish_due(clock())
    assert incident.is_shown
    assert told() == ["opened:1"]


def test_without_telling_subscribers(cast, clock, client):
    incident = cast.open()
    publish_incident(incident, actor=cast.maya, now=clock())
    posted = updates.publish_update(
        incident, "Known.", visibility=PUBLIC, is_quiet=True, actor=cast.maya, now=clock()
    )
    corrected = updates.correct_publication(
        incident, posted.id, "Known better.", actor=cast.maya, now=clock()
    )
    assert told() == ["opened:1"]
    assert corrected.is_quiet
    found = client.get("/api/v2/incidents.json").json["incidents"][0]["incident_updates"]
    assert [one["deliver_notifications"] for one in found] == [False, False, True]
    assert "Subscribers not told" in cast.browser("maya").get("/admin/incidents/1").text
    assert "Known better." in client.get("/incidents/1").text


def test_internal_it_is_not_quiet(cast, clock):
    incident = cast.open()
    assert not updates.publish_update(incident, "x", is_quiet=True, actor=cast.maya, now=clock()).is_quiet


def test_who_reads_a_brief():
    for state in PublicState:
        assert may_read_brief(state, reads_incident=True, is_listed=False)
        assert may_read_brief(state, reads_incident=False, is_listed=True)
        is_open = may_read_brief(state, reads_incident=False, is_listed=False)
        assert is_open is (state is not PublicState.PRIVATE)


def test_only_one_place_sets_what_the_public_knows():
    """Whatever else set the flag would go round the wait."""
    package = Path(first_word.__file__).parents[1]
    setting = re.compile(r"(?:incident|new|case)\.(?:is_public|public_from|awaits_review)\b[^=\n]*=(?!=)")
    found = {path.stem for path in package.rglob("*.py") if setting.search(path.read_text())}
    assert found == {"first_word"}


def test_what_continues_an_import_waits_as_nobody_outside_has_read_a_title(app, cast, clock):
    app.config["PUBLIC_TITLE"] = "{title}"
    text = "title,severity,opened,resolved,systems,public\n"
    text += f"{SECRET_TITLE},critical,2024-03-01 14:00,2024-03-01 15:30,cards,yes\n"
    rows, _ = read_incidents(text, ZoneInfo("UTC"), clock())
    [number] = import_incidents(rows, source="old.csv", actor=cast.ada, now=clock())
    client = app.test_client()
    assert SECRET_TITLE not in client.get("/history/2024-03").text
    new = continue_incident(db.session.get(Incident, number), actor=cast.maya, now=clock())
    assert new.public_state is PublicState.WAITING
    assert SECRET_TITLE not in client.get("/").text


@pytest.mark.parametrize("how", ["hidden", "renamed"])
def test_a_waiting_title_loses_a_system_that_is_hidden_or_renamed(app, cast, clock, shop, how):
    incident = cast.open(systems=["checkout-web"])
    own = cast.open(title="second", systems=["checkout-web"])
    edit_field(own, "public_title", "checkout-web is slow", actor=cast.maya, now=clock())
    system = db.session.scalar(select(System).filter_by(name="checkout-web"))
    who = {"actor": cast.ada, "now": clock.tick(seconds=5)}
    if how == "hidden":
        catalogue.set_system_public(system, False, **who)
    else:
        catalogue.update_system(system, name="web", **who)
    said = "Public title: Problems with checkout-web › Problems with our services"
    entry = db.session.scalar(select(TimelineEvent).filter_by(field="public_title", incident_id=incident.id))
    assert (entry.title, entry.visibility) == (said, Visibility.INTERNAL)
    publish_due(clock.tick(minutes=2))
    assert incident.public_title == "Problems with our services"
    assert own.public_title == "checkout-web is slow"  # what a person wrote is theirs


def test_a_published_title_stays_when_a_system_is_hidden(cast, clock, shop):
    incident = cast.open(systems=["checkout-web"])
    publish_due(clock.tick(minutes=2))
    system = db.session.scalar(select(System).filter_by(name="checkout-web"))
    catalogue.set_system_public(system, False, actor=cast.ada, now=clock())
    assert incident.public_title == "Problems with checkout-web"
