"""Of a private incident: briefs, links and notices for those alone whom the MIM added."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import BriefPage, Notice, Severity
from majorops.domain.errors import Invalid
from majorops.models import BriefReader, Delivery, TimelineEvent, User
from majorops.notifications.inside import PRIVATE, void
from majorops.operations.briefs import make_link
from majorops.operations.edit import edit_field
from majorops.operations.exposure import publish_exposure
from majorops.operations.first_word import hide_incident, keep_private, publish_incident
from majorops.operations.incident import change_severity
from majorops.operations.updates import publish_milestone
from majorops.projections.rules import brief_audience

PAGES = ("/incidents/1/brief", "/incidents/1/exec")


@pytest.fixture
def private(cast):
    return cast.open(title="Customer ACME data breach", is_public=False)


def add(incident, cast, who: str) -> None:
    edit_field(incident, "brief_readers", who, actor=cast.maya, now=cast.clock())


def alarmed() -> set[str]:
    db.session.rollback()
    return set(db.session.scalars(select(Delivery.recipient).filter_by(notice=Notice.ALARM)))


def test_only_who_was_added_reads_it(cast, private):
    xin = cast.browser("xin")
    assert {xin.get(page).status_code for page in PAGES} == {404}
    assert xin.post(PAGES[0], data={"question": "What?"}).status_code in (400, 404)
    assert "ACME" not in xin.get("/briefs").text
    add(private, cast, "xin@example.org")
    assert {xin.get(page).status_code for page in PAGES} == {200}
    assert "ACME" in xin.get("/briefs").text
    assert "brief, private" in xin.get(PAGES[0]).text
    add(private, cast, "")
    assert {xin.get(page).status_code for page in PAGES} == {404}
    assert db.session.scalar(select(BriefReader.id)) is None


def test_who_reads_the_fireground_reads_its_briefs(cast, private):
    for nick in ("maya", "omar", "rita", "ada"):
        browser = cast.browser(nick)
        assert browser.get("/admin/incidents/1").status_code == 200
        assert {browser.get(page).status_code for page in PAGES} == {200}
        assert "ACME" in browser.get("/briefs").text


def test_the_record_says_whom_the_mim_added(cast, private):
    add(private, cast, "Xin Zhao, rita@example.org")
    found = db.session.scalar(select(TimelineEvent).filter_by(field="brief_readers"))
    assert found.title == "Briefs if private: (empty) › rita@example.org, xin@example.org"
    assert (found.actor_name, found.visibility) == ("Maya Okafor", "internal")


def test_nobody_is_added_by_a_guess(cast, clock, private):
    db.session.add(User(email="x2@example.org", name="Xin Zhao", role="executive", created_at=clock()))
    db.session.commit()
    with pytest.raises(Invalid, match="2 accounts are called xin zhao: give the e-mail"):
        add(private, cast, "xin zhao")
    with pytest.raises(Invalid, match=r"no account has the e-mail or name nobody@example\.org"):
        add(private, cast, "nobody@example.org")


def test_what_is_not_private_has_no_list(cast):
    incident = cast.open()
    with pytest.raises(Invalid, match="everybody with the role reads its briefs"):
        add(incident, cast, "xin@example.org")
    assert cast.browser("xin").get(PAGES[0]).status_code == 200


def test_notices_go_to_who_may_know(cast, private):
    assert alarmed() == {"Omar Haddad"}
    entry = db.session.scalar(select(TimelineEvent).filter_by(kind="alarm.raised"))
    assert "Private, so not told: 1 of those whom this Box calls." in entry.detail
    assert "Briefs and notices inside reach" in cast.browser("maya").get("/admin/incidents/1").text


def test_whoever_is_added_hears_of_it_then_and_once(cast, private):
    add(private, cast, "xin@example.org")
    assert alarmed() == {"Omar Haddad", "Xin Zhao"}
    add(private, cast, "")
    add(private, cast, "xin@example.org")
    publish_incident(private, actor=cast.maya, now=cast.clock())
    rows = list(db.session.scalars(select(Delivery.recipient).filter_by(notice=Notice.ALARM)))
    assert sorted(rows) == ["Omar Haddad", "Xin Zhao"]


def test_published_it_is_told_to_who_missed_it(cast, private):
    publish_incident(private, actor=cast.maya, now=cast.clock())
    assert alarmed() == {"Omar Haddad", "Xin Zhao"}
    assert {cast.browser("xin").get(page).status_code for page in PAGES} == {200}


def test_raised_to_box_3_a_private_one_stays_so_and_the_screen_says_it(cast, app):
    app.config["PUBLIC_BOXES"] = frozenset({2, 3})
    incident = cast.open(severity=Severity.MEDIUM)
    change_severity(incident, Severity.CRITICAL, actor=cast.maya, now=cast.clock())
    assert alarmed() == {"Omar Haddad"}
    page = cast.browser("maya").get("/admin/incidents/1").text
    assert "Private, though Box 3 incidents are public." in page


def test_a_message_that_waits_goes_nowhere_once_it_is_private(app, cast, clock):
    app.config["PUBLIC_HOLD"] = 60
    incident = cast.open()
    row = db.session.scalar(select(Delivery).filter_by(recipient="Xin Zhao", notice=Notice.ALARM))
    assert void(row, clock()) == ""
    keep_private(incident, actor=cast.maya, now=clock())
    row = db.session.get(Delivery, row.id)
    assert void(row, clock()) == PRIVATE


def test_a_link_of_a_public_time_opens_nothing_private(cast, client):
    incident, who = cast.open(), {"actor": cast.maya, "now": cast.clock()}
    given = {"page": BriefPage.BRIEF, "hours": 4}
    before = make_link(incident, name="Board", **given, **who)
    assert client.get(f"{PAGES[0]}/{before}").status_code == 200
    hide_incident(incident, **who)
    assert client.get(f"{PAGES[0]}/{before}").status_code == 404
    made_for_it = make_link(incident, name="Counsel", **given, **who)
    assert client.get(f"{PAGES[0]}/{made_for_it}").status_code == 200
    assert "brief, private" in client.get(f"{PAGES[0]}/{made_for_it}").text
    assert "Private incident: a link made now" in cast.browser("maya").get("/admin/incidents/1/links").text
    publish_incident(incident, **who)
    assert client.get(f"{PAGES[0]}/{before}").status_code == 200


def test_the_audience_of_a_private_incident(cast, private):
    people = [db.session.get(User, getattr(cast, nick).user_id) for nick in ("xin", "rita", "omar")]
    assert [user.name for user in brief_audience(private, people)] == ["Rita Moreau", "Omar Haddad"]
    add(private, cast, "xin@example.org")
    assert len(brief_audience(private, people)) == 3


def test_the_exposure_line_is_on_no_brief_unless_it_is_published(cast):
    incident, who = cast.open(), {"actor": cast.maya, "now": cast.clock()}
    for field, value in (("exposure_confidence", "low"), ("exposure_path", "partial")):
        edit_field(incident, field, value, **who)
    xin = cast.browser("xin")
    assert not any("xposure" in xin.get(page).text for page in PAGES)
    publish_exposure(incident, **who)
    assert all("xposure" in xin.get(page).text for page in PAGES)


def test_a_mailed_link_of_a_public_time_is_not_told_of_a_private_incident(cast, clock):
    incident, who = cast.open(), {"actor": cast.maya, "now": clock()}
    given = {"page": BriefPage.BRIEF, "hours": 4, "email": "board@example.org"}
    make_link(incident, name="Board", **given, **who)
    waiting = select(Delivery).where(Delivery.brief_link_id.is_not(None))
    assert void(db.session.scalars(waiting).one(), clock()) == ""
    hide_incident(incident, **who)
    assert void(db.session.scalars(waiting).one(), clock()) == PRIVATE
    eta = clock() + timedelta(minutes=20)
    publish_milestone(incident, "Inside only.", next_update_eta=eta, **who)
    assert len(db.session.scalars(waiting).all()) == 1
