"""What the public is given by name, number and place: nothing that counts or names what is internal."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from xml.etree import ElementTree as xml

import pytest
from sqlalchemy import select, update

from majorops.db import db
from majorops.domain.enums import (
    AlarmLevel,
    CheckState,
    IncidentStatus,
    MaintenanceStatus,
    Phase,
    Severity,
    SystemStatus,
    Visibility,
)
from majorops.domain.errors import Invalid
from majorops.domain.public_names import KEY
from majorops.models import Announcement, Publication, System, SystemState, TimelineEvent
from majorops.notifications.public import render_announcement
from majorops.operations import (
    catalogue,
    edit,
    incident,
    maintenance,
    phase,
    systems,
    timeline,
    updates,
    validation,
)
from majorops.operations.announcements import reach
from majorops.operations.catalogue import update_system
from majorops.projections.lists import every_public_incident
from majorops.publishing.files import PublicFiles
from tests.public.test_canary import addresses

WRITTEN = (".html", ".txt", ".json", ".rss", ".atom", ".ics", ".svg", ".xml")
BASE = "https://status.example.org"
HIDDEN, TYPED = "hidden-hsm", "typed-box"
PUBLIC, INTERNAL = Visibility.PUBLIC, Visibility.INTERNAL


@pytest.fixture
def who(cast, clock):
    """Who acts, a minute after the last act."""
    return lambda: {"actor": cast.maya, "now": clock.tick(minutes=1)}


@pytest.fixture
def reader(app, cast):
    app.extensions["has_accounts"] = True
    return app.test_client()


@pytest.fixture
def case(cast, clock):
    """It names a public system, one that the catalogue keeps inside, and one that only was typed."""
    cast.list_systems("payments-api", group_name="Payments")
    catalogue.add_system(name=HIDDEN, actor=cast.ada, now=clock())
    return cast.open(title="Cards are declined", systems=["payments-api", HIDDEN, TYPED])


def say(case, text, who, **given):
    return updates.publish_update(case, text, **{"visibility": PUBLIC, **given}, **who())


def cut(case, text, who, **given):
    acting = who()
    eta = acting["now"] + timedelta(minutes=30)
    given = {"visibility": PUBLIC, "next_update_eta": eta, **given}
    return updates.publish_milestone(case, text, **given, **acting)


def entry_of(publication) -> TimelineEvent:
    return db.session.scalar(select(TimelineEvent).filter_by(publication_id=publication.id))


def move(case, publication, visibility, who):
    timeline.set_visibility(case, entry_of(publication).seq, visibility, **who())


def incident_json(reader, number: int = 1) -> dict:
    shown = reader.get("/api/v2/incidents.json").json["incidents"]
    return next(one for one in shown if one["shortlink"].endswith(f"/{number}"))


def told(app, now) -> str:
    """Every mail and webhook body that subscribers would get."""
    rows = db.session.scalars(select(Announcement)).all()
    return json.dumps([render_announcement(row, app.config, now) for row in rows], ensure_ascii=False)


def everything(app, cast, clock, folder) -> str:
    """All that anybody outside reads: every address, every file, mails and webhooks in every language."""
    client = app.test_client()
    seen = [client.get(address).text for address in addresses(app)]
    PublicFiles(app, app.extensions["snapshots"], folder).write_all()
    seen += [path.read_text() for path in folder.rglob("*") if path.suffix in WRITTEN]
    assert len(seen) > 40
    return "\n".join([*seen, told(app, clock())])


def spread_names(case, cast, clock, who):
    """The hidden names wherever an incident or maintenance writes them by itself."""
    for name in (HIDDEN, TYPED):
        systems.set_system_status(case, name, SystemStatus.PARTIAL, **who())
    edit.edit_field(case, "affected_systems", f"payments-api, {HIDDEN}, {TYPED}, other-box", **who())
    cast.bring_to(case, Phase.VALIDATION)
    for state in (CheckState.CONFIRMED, CheckState.FAILED):
        validation.set_check(case, HIDDEN, state, **who())
    cut(case, "Card payments fail.", who)
    given = {"title": "night works", "starts_at": clock() + timedelta(hours=1)}
    given |= {"ends_at": clock() + timedelta(hours=2), "systems": ["payments-api", HIDDEN, TYPED]}
    maintenance.plan_maintenance(**given, **who())


def test_a_system_that_is_not_public_is_named_nowhere_outside(
    app, case, reader, cast, clock, who, tmp_path, monkeypatch
):
    monkeypatch.setitem(app.extensions, "public_origin", BASE)
    spread_names(case, cast, clock, who)
    text = everything(app, cast, clock, tmp_path / "one")
    assert "payments-api" in text
    for name in (HIDDEN, TYPED, "other-box"):
        assert name not in text, name
    # The test is tested: made public, the name stands in each of them.
    db.session.execute(update(System).values(is_public=True))
    db.session.commit()
    app.extensions["snapshots"].invalidate()
    for part in (
        reader.get("/").text,
        reader.get("/incidents/1").text,
        reader.get("/incidents/1.txt").text,
        reader.get("/status.txt").text,
        reader.get("/maintenance/1").text,
        reader.get("/maintenance.ics").text,
        reader.get("/api/v2/summary.json").text,
        reader.get("/subscribe").text,
        told(app, clock()),
    ):
        assert HIDDEN in part
        assert TYPED not in part


def test_a_system_that_is_taken_off_later_is_gone_from_what_was_said_before(case, reader, cast, clock, who):
    systems.set_system_status(case, "payments-api", SystemStatus.PARTIAL, **who())
    say(case, "We know more.", who)
    for address in ("/", "/incidents/1", "/api/v2/incidents.json", "/de/incidents/1"):
        assert "payments-api" in reader.get(address).text, address
    row = db.session.scalar(select(System).filter_by(name="payments-api"))
    update_system(row, name="payments-api", is_public=False, actor=cast.ada, now=clock())
    for address in ("/", "/incidents/1", "/api/v2/incidents.json", "/de/incidents/1", "/subscribe"):
        assert "payments-api" not in reader.get(address).text, address
    assert "Affected systems" not in reader.get("/incidents/1").text  # no heading over nothing


def test_what_happens_to_a_hidden_system_moves_no_time_and_no_name_of_a_page(case, reader, who):
    seen = ("/", "/incidents/1", "/api/v2/summary.json", "/history.atom")
    before = [(reader.get(path).headers["ETag"], reader.get(path).data) for path in seen[2:]]
    names = [reader.get(path).headers["ETag"] for path in seen]
    for name in (HIDDEN, TYPED):
        systems.set_system_status(case, name, SystemStatus.DEGRADED, **who())
    assert [reader.get(path).headers["ETag"] for path in seen] == names
    assert [(reader.get(path).headers["ETag"], reader.get(path).data) for path in seen[2:]] == before
    kinds = select(TimelineEvent.visibility).filter_by(kind="system.status")
    assert set(db.session.scalars(kinds)) == {INTERNAL}


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        ("check", f"It names {HIDDEN}, which the public page does not"),
        ("status", f"It names {TYPED}, which the public page does not"),
        ("systems", "lists the systems that it may name by itself"),
        ("visibility", "It counts internal entries"),
    ],
)
def test_an_entry_that_wrote_itself_and_names_it_is_not_made_public(case, cast, who, act, sentence):
    cast.bring_to(case, Phase.VALIDATION)
    if act == "check":
        validation.set_check(case, HIDDEN, CheckState.CONFIRMED, **who())
    elif act == "status":
        systems.set_system_status(case, TYPED, SystemStatus.DEGRADED, **who())
    elif act == "systems":
        edit.edit_field(case, "affected_systems", "payments-api", **who())
    else:
        timeline.set_visibility(case, 1, INTERNAL, **who())
    with pytest.raises(Invalid, match=sentence):
        timeline.set_visibility(case, case.version, PUBLIC, **who())


def test_a_check_of_a_public_system_is_made_public_without_who_said_so(case, reader, cast, who):
    cast.bring_to(case, Phase.VALIDATION)
    given = {"confirmed_by": "Rita Moreau"}
    validation.set_check(case, "payments-api", CheckState.CONFIRMED, **given, **who())
    timeline.set_visibility(case, case.version, PUBLIC, **who())
    page = reader.get("/incidents/1").text
    assert "Confirmed: payments-api recovered" in page
    assert "Rita" not in page
    assert "Bestätigt: payments-api ist wiederhergestellt" in reader.get("/de/incidents/1").text


def test_who_asked_for_a_hidden_system_is_not_told_through_it(app, case, cast, clock):
    from tests.operations.test_subscriptions import active

    acting = {"actor": cast.ada, "now": clock()}
    active(acting, "vic@example.org", systems=[HIDDEN])
    assert reach(case) == {}
    db.session.execute(update(System).values(is_public=True))
    assert sum(reach(case).values()) == 1


def test_milestones_are_numbered_for_the_public_among_public_ones(case, reader, who):
    cut(case, "first, inside", who, visibility=INTERNAL)
    late = cut(case, "second, inside", who, visibility=INTERNAL)
    outside = cut(case, "Card payments fail.", who)
    cut(case, "third, inside", who, visibility=INTERNAL)
    last = cut(case, "Some work again.", who)
    assert [one.number for one in (outside, last)] == [3, 5]
    for address in ("/incidents/1", "/history.rss", "/history.atom", "/incidents/1.txt"):
        text = reader.get(address).text
        assert "Milestone 1" in text, address
        assert "Milestone 2" in text, address
        assert not re.search("Milestone [345]", text), address
    assert "Meilenstein 2" in reader.get("/de/incidents/1").text
    # What is out keeps its number: hidden, another takes the next one, and so does an earlier one.
    move(case, outside, INTERNAL, who)
    assert last.public_number == 2
    move(case, late, PUBLIC, who)
    assert (late.public_number, last.public_number, outside.public_number) == (3, 2, 1)
    move(case, outside, PUBLIC, who)
    move(case, late, INTERNAL, who)
    assert [one.public_number for one in (outside, last, late)] == [1, 2, 3]
    assert cut(case, "All works.", who).public_number == 4


def test_who_commands_reads_which_number_the_public_reads(case, cast, who):
    cut(case, "inside", who, visibility=INTERNAL)
    outside = cut(case, "Card payments fail.", who)
    page = cast.browser("maya").get("/admin/incidents/1").text
    assert "To the public it is Milestone 1." in page
    assert outside.heading == "Milestone 2"


def test_a_correction_names_the_number_of_the_public(case, reader, who):
    cut(case, "inside", who, visibility=INTERNAL)
    outside = cut(case, "Card payments fail.", who)
    updates.correct_publication(case, outside.id, "Payments by card fail.", **who())
    page = reader.get("/incidents/1").text
    assert "Correction of Milestone 1" in page
    assert "Milestone 2" not in page
    assert "Korrektur von Meilenstein 1" in reader.get("/de/incidents/1").text


def test_a_correction_of_what_the_public_never_read_is_an_update_to_it(case, reader, who):
    inside = cut(case, "suspicion", who, visibility=INTERNAL)
    correction = updates.correct_publication(case, inside.id, "Payments by card fail.", **who())
    move(case, correction, PUBLIC, who)
    for address in ("/incidents/1", "/history.atom"):
        text = reader.get(address).text
        assert "Payments by card fail." in text, address
        assert "Correction" not in text, address
        assert "Milestone" not in text, address


def test_a_hidden_milestone_takes_its_corrections_along_and_brings_them_back(case, reader, who):
    milestone = cut(case, "Customer ACME is hit.", who)
    first = updates.correct_publication(case, milestone.id, "Customer ACME alone is hit.", **who())
    updates.correct_publication(case, first.id, "ACME, one of three.", **who())
    move(case, milestone, INTERNAL, who)
    for address in ("/", "/incidents/1", "/history.atom", "/history.rss", "/api/v2/incidents.json"):
        assert "ACME" not in reader.get(address).text, address
    assert "withdrawn" in reader.get("/incidents/1").text
    assert set(db.session.scalars(select(Publication.visibility))) == {INTERNAL}
    log = db.session.scalar(select(TimelineEvent).order_by(TimelineEvent.id.desc()).limit(1))
    assert log.detail.startswith("With its correction, entry ")
    move(case, milestone, PUBLIC, who)
    page = reader.get("/incidents/1").text
    assert "ACME, one of three." in page
    assert set(db.session.scalars(select(Publication.withdrawn_at))) == {None}


def test_a_correction_that_was_withdrawn_by_itself_stays_so(case, reader, who):
    milestone = cut(case, "Card payments fail.", who)
    correction = updates.correct_publication(case, milestone.id, "ACME fails.", **who())
    move(case, correction, INTERNAL, who)
    move(case, milestone, INTERNAL, who)
    move(case, milestone, PUBLIC, who)
    assert correction.visibility is INTERNAL
    for address in ("/incidents/1", "/history.atom"):
        assert "ACME" not in reader.get(address).text, address


def test_an_internal_milestone_is_announced_in_its_newest_words(case, who):
    milestone = cut(case, "suspicion", who, visibility=INTERNAL)
    correction = updates.correct_publication(case, milestone.id, "Card payments fail.", **who())
    move(case, milestone, PUBLIC, who)
    said = select(Announcement.publication_id).where(Announcement.act.startswith("said:"))
    assert db.session.scalars(said).all() == [correction.id]


def places(reader, address="/incidents/1") -> list[str]:
    return re.findall(r'(?:id="(?:e|update-)|href="#e|before=)([^"&]+)', reader.get(address).text)


def test_anchors_count_nothing_internal_and_feeds_lead_to_them(case, reader, who):
    def acts():
        for n in range(4):
            updates.publish_update(case, f"inside {n}", **who())
        return cut(case, f"Words {case.version}.", who)

    first = acts()
    updates.correct_publication(case, first.id, "Better words.", **who())
    acts()
    shown = places(reader)
    assert len(shown) > 6
    for key in shown:
        is_key = KEY.fullmatch(key) and not key.isdigit()
        assert is_key or key in ("o1", "r1"), key  # the incident's own number
    root = xml.fromstring(reader.get("/history.rss").data)
    guids = [item.text.partition("#update-")[2] for item in root.iter("guid")]
    assert len(guids) == 4
    assert set(guids) <= set(shown)
    internal = db.session.scalars(select(TimelineEvent.public_key).filter_by(visibility=INTERNAL)).all()
    assert set(internal) == {None}


def test_a_place_is_not_found_by_its_number_and_an_old_link_is(case, reader, who):
    say(case, "Words.", who)
    updates.publish_update(case, "inside", **who())
    key = entry_of(db.session.scalar(select(Publication).filter_by(body="Words."))).public_key
    assert reader.get(f"/incidents/1?before={key}").status_code == 200
    answers = {reader.get(f"/incidents/1?before={n}").status_code for n in range(case.version + 3)}
    assert answers == {302}  # for public, internal and no entries alike
    # What was public before there were keys is called as it always was.
    db.session.execute(update(TimelineEvent).values(public_key=None))
    db.session.execute(update(Publication).values(public_key=None))
    db.session.commit()
    assert reader.get("/incidents/1?before=1").status_code == 200
    assert reader.get(f"/incidents/1?before={case.version}").status_code == 302
    assert 'id="e1"' in reader.get("/incidents/1").text
    assert 'id="update-p1"' in reader.get("/incidents/1").text
    assert "#update-p1<" in reader.get("/history.rss").text


def affected(one: dict) -> list[list[tuple[str, str, str]] | None]:
    """Of each update, the oldest first."""
    return [
        said["affected_components"]
        and sorted((row["name"], row["old_status"], row["new_status"]) for row in said["affected_components"])
        for said in reversed(one["incident_updates"])
    ]


def test_affected_components_stand_where_they_changed_and_stay(case, reader, cast, clock, who):
    catalogue.add_system(name="ledger-db", is_public=True, actor=cast.ada, now=clock())
    opened = [("Payments - payments-api", "operational", "major_outage")]
    assert affected(incident_json(reader)) == [opened]
    say(case, "We look.", who)
    systems.set_system_status(case, "payments-api", SystemStatus.PARTIAL, **who())
    edit.edit_field(case, "affected_systems", f"payments-api, {HIDDEN}, ledger-db", **who())
    say(case, "Some work again.", who)
    turned = [
        ("Payments - payments-api", "major_outage", "partial_outage"),
        ("ledger-db", "operational", "major_outage"),
    ]
    assert affected(incident_json(reader)) == [opened, None, turned]
    incident.change_severity(case, Severity.MEDIUM, **who())
    cast.bring_to(case, Phase.RESOLUTION)
    at = clock() + timedelta(hours=24)
    cut(case, "All works.", who, is_resolution=True, next_update_eta=None, after_action_at=at)
    clock.tick(minutes=1)
    cast.resolve(case)
    milder = [("ledger-db", "major_outage", "degraded_performance")]  # what somebody set stays so
    over = [
        ("Payments - payments-api", "partial_outage", "operational"),
        ("ledger-db", "degraded_performance", "operational"),
    ]
    found = affected(incident_json(reader))
    assert found == [opened, None, turned, milder, over]
    # Nothing later moves it: neither a correction nor that the system is hidden and shown again.
    first = db.session.scalar(select(Publication.id).filter_by(body="We look."))
    updates.correct_publication(case, first, "We are looking.", **who())
    assert affected(incident_json(reader)) == [*found, None]


def test_a_system_that_is_named_no_more_is_operational(case, reader, who):
    edit.edit_field(case, "affected_systems", HIDDEN, **who())
    say(case, "Payments are not hit.", who)
    over = [("Payments - payments-api", "major_outage", "operational")]
    assert affected(incident_json(reader))[1:] == [over]


def test_only_what_turns_is_kept(case, who):
    count = len(db.session.scalars(select(SystemState)).all())
    systems.set_system_status(case, "payments-api", SystemStatus.MAJOR, **who())  # as the severity says
    edit.edit_field(case, "description", "more", **who())
    assert len(db.session.scalars(select(SystemState)).all()) == count == 3


def test_maintenance_and_incidents_show_systems_as_they_are(case, reader, cast, clock, who):
    given = {"title": "night works", "systems": ["payments-api", HIDDEN], **who()}
    given |= {"starts_at": clock() + timedelta(hours=1), "ends_at": clock() + timedelta(hours=2)}
    row = maintenance.plan_maintenance(**given)

    def shown() -> list[tuple[str, str, str]]:
        (one,) = reader.get("/api/v2/scheduled-maintenances.json").json["scheduled_maintenances"]
        listed = {part["name"]: part for part in reader.get("/api/v2/components.json").json["components"]}
        assert [listed[part["name"]] for part in one["components"]] == one["components"]
        (part,) = one["components"]
        return part["status"], listed["Payments"]["id"] == part["group_id"]

    assert shown() == ("major_outage", True)  # an incident runs
    cast.resolve(case)
    assert shown() == ("operational", True)
    maintenance.move_maintenance(row, MaintenanceStatus.RUNNING, **who())
    assert shown() == ("under_maintenance", True)
    assert incident_json(reader)["components"][0]["status"] == "under_maintenance"
    maintenance.move_maintenance(row, MaintenanceStatus.DONE, **who())
    assert shown() == ("operational", True)


def test_german_says_the_timeline_updates_and_maintenance_in_german(case, reader, cast, clock, who):
    incident.change_severity(case, Severity.HIGH, **who())
    incident.set_alarm_level(case, AlarmLevel.BOX_3, **who())
    systems.set_system_status(case, "payments-api", SystemStatus.DEGRADED, **who())
    edit.edit_field(case, "alert.issue_time", f"{clock() - timedelta(minutes=50):%Y-%m-%d %H:%M}", **who())
    edit.edit_field(case, "alert.resolve_time", f"{clock() - timedelta(minutes=1):%Y-%m-%d %H:%M}", **who())
    timeline.add_note(case, "Status Active › Monitoring", visibility=PUBLIC, **who())
    updates.post_holding(case, **who())
    cast.bring_to(case, Phase.VALIDATION)
    phase.change_status(case, IncidentStatus.MONITORING, override="test", **who())
    page = reader.get("/de/incidents/1").text
    for words in (
        "Vorfall eröffnet. Kritisch, Box 3.",
        "Schwere Kritisch › Hoch, Box 3 › Box 2",
        "Alarmstufe Box 2 › Box 3",
        "payments-api: Beeinträchtigt",
        "Alarm ausgelöst 2",
        "Alarm beendet 2",
        "Status Aktiv › Beobachtung",
        "Die Arbeit geht weiter. Nächstes Update in 15 Minuten.",
        "Status Active › Monitoring",  # a person wrote it
    ):
        assert words in page, words
    for words in ("Incident opened", "Severity", "Alarm level", "Alert", "Work continues"):
        assert f"<b>{words}" not in page, words
    assert "Die Arbeit geht weiter." in reader.get("/de/").text
    assert "Incident opened. Critical, Box 3." in reader.get("/incidents/1").text
    given = {"title": "works", "starts_at": clock() + timedelta(hours=1), **who()}
    row = maintenance.plan_maintenance(ends_at=clock() + timedelta(hours=2), **given)
    maintenance.move_maintenance(row, MaintenanceStatus.RUNNING, **who())
    assert "Die Wartung hat begonnen." in reader.get("/de/maintenance/1").text
    assert "Maintenance has begun." in reader.get("/maintenance/1").text


def test_german_mails_say_what_the_software_wrote_in_german(app, case, clock, who):
    updates.post_holding(case, **who())
    rows = db.session.scalars(select(Announcement).order_by(Announcement.id)).all()
    mail = render_announcement(rows[-1], app.config, clock())["de"]
    assert "Die Arbeit geht weiter." in mail["body"]
    assert "Systeme: payments-api" in mail["body"]
    assert "Work" not in mail["body"]
    edit.edit_field(case, "affected_systems", HIDDEN, **who())
    mail = render_announcement(rows[-1], app.config, clock())["en"]
    assert "Systems" not in mail["body"]


@pytest.mark.parametrize("promises", [1, 2])
def test_days_are_inflected_and_one_promise_is_not_plural(case, reader, cast, clock, who, promises):
    for n in range(promises):
        cut(case, f"Words {n}.", who)
    clock.now += timedelta(days=2)
    cast.resolve(case)
    german, english = reader.get("/de/incidents/1").text, reader.get("/incidents/1").text
    assert re.search(r'data-tile="duration">2 Tage 0 h', german)
    assert "nach 2 Tagen 0 h" in german
    assert "1 of 1" not in english
    said = "The promised update came late" if promises == 1 else "1 of 2 promised updates on time"
    assert said in english
    clock.now += timedelta(days=3)
    assert "Ruhe seit 3 Tagen" in reader.get("/de/").text


@pytest.mark.parametrize("before", ["", "/de"])
def test_the_404_names_the_incident_and_nothing_else(app, case, reader, cast, who, before):
    cast.open(title="ACME breach", is_drill=True)
    words = "ist nicht öffentlich oder existiert nicht." if before else "is not public or does not exist."
    for number, ref in ((2, "INC-002"), (3, "INC-003"), (77, "INC-077"), (1234, "INC-1234")):
        answer = reader.get(f"{before}/incidents/{number}")
        assert answer.status_code == 404
        assert f"{ref} {words}" in answer.text
        assert f'<html lang="{"de" if before else "en"}">' in answer.text
    pages = {n: reader.get(f"{before}/incidents/{n}") for n in (2, 77)}
    assert pages[2].text.replace("INC-002", "INC-077") == pages[77].text
    nowhere = reader.get(f"{before}/no-such-address").text
    assert (
        "Unter dieser Adresse gibt es nichts." if before else "There is nothing at this address."
    ) in nowhere


def test_every_error_of_the_pages_has_a_german_sentence():
    from majorops.i18n import LANGUAGES
    from majorops.web.error_handlers import WORDS

    for title, text in WORDS.values():
        for sentence in (title, text):
            assert LANGUAGES["de"].own("error", sentence) != sentence


def test_a_german_subscriber_reads_what_is_wrong_in_german(app, cast, monkeypatch):
    monkeypatch.setitem(app.extensions, "public_origin", BASE)
    for name, value in (("SMTP_URL", "smtp://localhost:1"), ("WTF_CSRF_ENABLED", False)):
        monkeypatch.setitem(app.config, name, value)
    app.extensions["has_accounts"] = True
    client = app.test_client()
    for given, sentence in (
        ({"kind": "email", "address": "no address"}, "Geben Sie eine E-Mail-Adresse an"),
        ({"kind": "webhook", "address": "ftp://x"}, "die mit http:// oder https:// beginnt"),
        (
            {"kind": "webhook", "address": "https://0.0.0.0/"},
            "An 0.0.0.0 kann keine Nachricht gesendet werden.",
        ),
        ({"kind": "email", "address": "x" * 1001}, "Höchstens 1.000 Zeichen"),
        ({"kind": "pager", "address": "a@example.org"}, "Wählen Sie E-Mail oder Webhook."),
    ):
        answer = client.post("/de/subscribe", data=given, base_url=BASE)
        assert answer.status_code == 422
        assert sentence in answer.text


def test_the_files_of_every_incident_are_read_here(case):
    assert every_public_incident() == [1]
