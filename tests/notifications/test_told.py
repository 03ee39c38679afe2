"""Stakeholders, executives and holders of mailed links: what they are told, when, where, and once."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.enums import (
    AccountRole,
    BriefPage,
    DeliveryState,
    Followed,
    IncidentStatus,
    Notice,
    Severity,
    Visibility,
)
from majorops.fireground.regions import ledger
from majorops.models import Delivery, NoticePolicy, Publication, TimelineEvent, User
from majorops.notifications import Worker
from majorops.operations import briefs, phase, timeline, updates
from majorops.operations import incident as incidents
from majorops.operations.handover import offer_handover
from majorops.projections.brief import brief_incident
from tests.counting import queries
from tests.notifications.receivers import MailServer, read

BASE = "https://ops.example.org"


@pytest.fixture
def mails(app):
    server = MailServer()
    app.config |= {"SMTP_URL": server.url, "BASE_URL": BASE}
    yield server
    server.stop()


@pytest.fixture
def worker(app):
    return Worker(app, on_delivery=lambda number: None)


@pytest.fixture
def incident(cast, worker, mails):
    """Critical, and everybody knows of the alarm."""
    sam = User(
        email="sam@example.org", name="Sam Stone", role=AccountRole.STAKEHOLDER, created_at=cast.clock()
    )
    db.session.add(sam)
    db.session.commit()
    incident = cast.open()
    worker.drain()
    mails.mails.clear()
    return incident


def texts(mails) -> dict[str, str]:
    """Address → its mails since the last look, as one plain text; without appointments."""
    found: dict[str, str] = {}
    for mail in mails.mails:
        if "text/calendar" in mail:
            continue
        text = read(mail).replace("\r\n", "\n").partition("<!doctype")[0]
        to = re.search(r"^To: (.+)$", text, re.M)[1]
        found[to] = found.get(to, "") + text
    mails.mails.clear()
    return found


def person(nick: str) -> User:
    return db.session.scalar(select(User).filter_by(email=f"{nick}@example.org"))


def choose(nick: str, **chosen) -> None:
    for name, value in chosen.items():
        setattr(person(nick), name, value)
    db.session.commit()


def cut(cast, incident, body="Card payments fail.", **given) -> Publication:
    eta = cast.clock() + timedelta(minutes=20)
    given = {"next_update_eta": eta, "actor": cast.maya, "now": cast.clock(), **given}
    return updates.publish_milestone(incident, body, **given)


def resolve(cast, incident) -> None:
    """With the resolution milestone before it."""
    after = cast.clock() + timedelta(hours=20)
    cut(cast, incident, "A pool was too small.", is_resolution=True, after_action_at=after)
    cast.resolve(incident)


def seq_of(publication: Publication) -> int:
    return db.session.scalar(select(TimelineEvent.seq).filter_by(publication_id=publication.id))


def test_a_milestone_comes_with_the_link_of_each_ones_brief(cast, incident, worker, mails):
    cut(cast, incident, title="Fault found")
    worker.drain()
    told = texts(mails)
    assert set(told) == {"sam@example.org", "xin@example.org"}
    assert f"{BASE}/incidents/1/brief\n" in told["sam@example.org"]
    assert f"{BASE}/incidents/1/exec\n" in told["xin@example.org"]
    for text in told.values():
        assert "Subject: INC-001 Milestone 1: prod-payments-api not responding" in text
        assert "Fault found\n\nCard payments fail." in text
        assert "Next update by 23 Nov 14:20 UTC." in text
        assert f"{BASE}/incidents/1\n" not in text


def test_an_update_is_for_them_where_their_brief_shows_it(cast, incident, worker, mails):
    who = {"actor": cast.maya, "now": cast.clock()}
    hidden = updates.publish_update(incident, "INTERNAL suspicion", **who)
    worker.drain()
    assert texts(mails) == {}
    updates.publish_update(incident, "Some cards work again.", visibility=Visibility.PUBLIC, **who)
    worker.drain()
    assert "Subject: INC-001 Update: " in (told := texts(mails))["xin@example.org"]
    assert "INTERNAL" not in "".join(told.values())
    timeline.set_visibility(incident, seq_of(hidden), Visibility.PUBLIC, **who)
    worker.drain()
    assert "INTERNAL suspicion" in texts(mails)["xin@example.org"]
    assert [one.body for one in brief_incident(1, None).milestones][:2] == [
        "Some cards work again.",
        "INTERNAL suspicion",
    ]


def test_the_resolution_says_so_with_the_last_words_and_no_promise(cast, incident, worker, mails):
    cut(cast, incident)
    cast.clock.tick(minutes=41)
    resolve(cast, incident)
    worker.drain()
    for text in texts(mails).values():
        last = text[text.index("Subject: Resolved: INC-001 prod-payments-api not responding") :]
        assert "Resolved 23 Nov 14:41 UTC, after 41 min.\n\nA pool was too small." in last
        assert "Next update by" not in last


def test_a_correction_is_sent_as_such_also_of_an_internal_milestone(cast, incident, worker, mails):
    first = cut(cast, incident)
    worker.drain()
    mails.mails.clear()
    cast.clock.tick(minutes=5)
    corrected = "Card payments fail in Europe."
    updates.correct_publication(incident, first.id, corrected, actor=cast.maya, now=cast.clock())
    worker.drain()
    text = texts(mails)["sam@example.org"]
    assert "Subject: INC-001 Correction of Milestone 1: " in text
    assert "This replaces the text of 23 Nov 14:00 UTC.\n\nCard payments fail in Europe." in text
    shown = brief_incident(1, None).milestones
    assert [(one.heading, one.body) for one in shown] == [("Milestone 1, corrected", corrected)]


def test_what_is_withdrawn_or_corrected_in_the_outbox_is_not_sent(cast, incident, worker, mails):
    leak = cut(cast, incident, "A LEAK.", visibility=Visibility.PUBLIC)
    wrong = cut(cast, incident, "WRONG words.")
    who = {"actor": cast.maya, "now": cast.clock()}
    timeline.set_visibility(incident, seq_of(leak), Visibility.INTERNAL, **who)
    updates.correct_publication(incident, wrong.id, "Right words.", **who)
    worker.drain()
    text = texts(mails)["sam@example.org"]
    assert "Right words." in text
    assert "A LEAK." not in text
    assert "WRONG" not in text
    quiet = select(Delivery.last_error).filter_by(state=DeliveryState.QUIET, recipient="Sam Stone")
    assert db.session.scalars(quiet).all() == ["Not sent: withdrawn or corrected meanwhile."] * 2


def test_a_correction_of_what_was_withdrawn_stands_nowhere(cast, incident, worker, mails):
    leak = cut(cast, incident, "A LEAK.", visibility=Visibility.PUBLIC)
    who = {"actor": cast.maya, "now": cast.clock()}
    timeline.set_visibility(incident, seq_of(leak), Visibility.INTERNAL, **who)
    updates.correct_publication(incident, leak.id, "A smaller LEAK.", **who)
    worker.drain()
    assert "LEAK" not in "".join(texts(mails).values())
    assert brief_incident(1, None).milestones == ()


@pytest.mark.parametrize(
    ("chosen", "subjects"),
    [
        (Followed.EVERYTHING, ["Milestone 1", "Update", "Milestone 2", "Resolved"]),
        (Followed.MILESTONES, ["Milestone 1", "Milestone 2", "Resolved"]),
        (Followed.RESOLUTION, ["Resolved"]),
    ],
)
def test_each_person_chooses_how_much(cast, incident, worker, mails, chosen, subjects):
    choose("xin", follows=chosen)
    cut(cast, incident)
    who = {"actor": cast.maya, "now": cast.clock()}
    updates.publish_update(incident, "Some work.", visibility=Visibility.PUBLIC, **who)
    resolve(cast, incident)
    worker.drain()
    told = texts(mails)["xin@example.org"]
    found = re.findall(r"^Subject: (?:INC-001 )?(Resolved|Milestone \d|Update)", told, re.M)
    assert sorted(found) == sorted(subjects)


def test_policies_know_these_notices(cast, incident, worker, mails):
    for role, is_on in ((AccountRole.EXECUTIVE, False), (AccountRole.RESPONDER, True)):
        db.session.add(NoticePolicy(role=role, notice=Notice.MILESTONE, is_on=is_on))
    db.session.commit()
    cut(cast, incident)
    worker.drain()
    told = texts(mails)
    assert set(told) == {"sam@example.org", "rita@example.org"}
    assert f"{BASE}/admin/incidents/1\n" in told["rita@example.org"]


def test_drills_stay_quiet(cast, incident, worker, mails):
    drill = cast.open(is_drill=True)
    cut(cast, drill)
    resolve(cast, drill)
    worker.drain()
    assert texts(mails) == {}


def test_in_ones_own_language_and_clock(cast, incident, worker, mails):
    choose("xin", language="de", time_zone="Europe/Berlin")
    cut(cast, incident)
    resolve(cast, incident)
    worker.drain()
    told = texts(mails)
    german = told["xin@example.org"]
    assert "Subject: INC-001 Meilenstein 1: prod-payments-api not responding" in german
    assert "Nächstes Update bis 23. Nov. 14:20 UTC (23. Nov. 15:20 Europe/Berlin)." in german
    assert "Subject: Behoben: INC-001 prod-payments-api not responding" in german
    assert "Milestone 1" in told["sam@example.org"]


@pytest.mark.parametrize("kind", ["update", "milestone", "resolution"])
@pytest.mark.parametrize("seen", ["public", "internal"])
def test_the_preview_names_exactly_those_that_are_sent_it(app, cast, incident, worker, mails, kind, seen):
    app.config["WTF_CSRF_ENABLED"] = False
    links = TestMailedLinks()
    links.link(cast, incident)
    links.link(cast, incident, email="legal@example.org")
    worker.drain()
    mails.mails.clear()
    typed = {"kind": kind, "visibility": seen, "body": "It is over.", "quiet": "y"}
    typed |= {"next_update": "20", "after_action": "tomorrow"}
    maya = cast.browser("maya")
    page = " ".join(maya.post("/admin/incidents/1/updates/preview", data=typed).text.split())
    assert maya.post("/admin/incidents/1/updates", data=typed).status_code == 303
    worker.drain()
    if (kind, seen) == ("update", "internal"):
        assert "Sent to no stakeholder or executive" in page
        assert texts(mails) == {}
    else:
        assert "Also sent to 1 executive, 1 stakeholder, 2 mailed links" in page
        assert {*texts(mails)} == {f"{name}@example.org" for name in ("xin", "sam", "board", "legal")}


class TestMailedLinks:
    def link(self, cast, incident, page=BriefPage.EXEC, email="board@example.org") -> str:
        given = {"page": page, "name": "Board", "hours": 24, "email": email}
        return briefs.make_link(incident, **given, actor=cast.maya, now=cast.clock())

    def test_opens_the_brief_and_comes_with_each_milestone(self, cast, incident, worker, mails, client):
        token = self.link(cast, incident)
        cut(cast, incident)
        resolve(cast, incident)
        worker.drain()
        text = texts(mails)["board@example.org"]
        address = f"{BASE}/incidents/1/exec/{token}"
        assert text.count(address) == 4  # the link itself, two milestones, the resolution
        assert client.get(address.removeprefix(BASE)).status_code == 200
        assert token not in "".join(db.session.scalars(select(Delivery.body)))

    def test_a_revoked_one_gets_nothing_more(self, cast, incident, worker, mails):
        self.link(cast, incident)
        worker.drain()
        mails.mails.clear()
        cut(cast, incident)
        who = {"actor": cast.maya, "now": cast.clock()}
        briefs.revoke_link(incident, briefs.links_of(1)[0].id, **who)
        cut(cast, incident, "second")
        worker.drain()
        assert "board@example.org" not in texts(mails)

    def test_with_another_secret_key_the_mail_has_no_link(self, app, cast, incident, worker, mails):
        self.link(cast, incident)
        app.config["SECRET_KEY"] = "another secret key, thirty-two letters long"
        worker.drain()
        assert "/incidents/1/exec" not in texts(mails)["board@example.org"]

    def test_two_holders_are_two_readers_in_the_ledger(self, cast, incident, worker, mails):
        for name in ("a", "b"):
            self.link(cast, incident, email=f"{name}@example.org")
        cut(cast, incident)
        worker.drain()
        newest = ledger.build(cast.fireground(1)).acts[0]
        assert (newest.about, newest.summary) == ("Milestone, for stakeholders", "all 4 told")


def settled() -> list[str]:
    rows = select(TimelineEvent).filter_by(kind="notice.settled").order_by(TimelineEvent.id)
    return [row.title for row in db.session.scalars(rows)]


def test_the_timeline_speaks_of_a_milestone_only_where_somebody_was_not_reached(
    cast, incident, worker, mails
):
    before = settled()
    cut(cast, incident)
    worker.drain()
    assert settled() == before
    mails.mode = "refuses"
    cut(cast, incident, "second")
    worker.drain()
    assert settled()[len(before) :] == ["Milestone of 14:00 UTC: 2 could not be reached"]


def executives(count: int, clock) -> None:
    given = {"role": AccountRole.EXECUTIVE, "created_at": clock()}
    db.session.add_all(User(email=f"e{n}@example.org", name=f"E{n}", **given) for n in range(count))
    db.session.commit()


def test_fifty_executives_are_each_told_once(cast, incident, worker, mails):
    executives(49, cast.clock)
    said = cut(cast, incident)
    worker.drain()
    worker.drain()
    rows = select(func.count(Delivery.id)).filter_by(publication_id=said.id, state=DeliveryState.SENT)
    assert db.session.scalar(rows) == 51
    assert len({text.split("To: ", 1)[1].splitlines()[0] for text in mails.mails}) == 51
    assert len(mails.mails) == 51
    shown = ledger.build(cast.fireground(1))
    assert [act.summary for act in shown.acts] == ["all 51 told", "all 3 told"]


def test_posting_asks_as_much_for_fifty_as_for_two(cast, incident):
    def sent(body: str) -> int:
        cast.clock.tick(minutes=2)
        db.session.rollback()
        with queries() as asked:
            cut(cast, incident, body)
        return len(asked)

    sent("the first one also numbers")
    few = sent("second")
    executives(48, cast.clock)
    assert sent("third") == few


class TestQuietHours:
    """At 14:00 UTC it is 15:00 in Berlin."""

    @pytest.fixture
    def low(self, cast, incident, worker, mails):
        hours = {"quiet_from": 14 * 60 + 30, "quiet_until": 17 * 60}
        choose("xin", time_zone="Europe/Berlin", **hours)
        low = cast.open(severity=Severity.HIGH, title="search slow")
        worker.drain()
        mails.mails.clear()
        return low

    def test_hold_a_milestone_until_they_end(self, cast, low, worker, mails):
        cut(cast, low)
        worker.drain()
        assert set(texts(mails)) == {"sam@example.org"}
        cast.clock.tick(minutes=119)
        worker.drain()
        assert texts(mails) == {}
        cast.clock.tick(minutes=1)
        worker.drain()
        assert "Milestone 1" in texts(mails)["xin@example.org"]

    def test_only_the_newest_comes_after_them(self, cast, low, worker, mails):
        for number in range(3):
            cut(cast, low, f"words {number}")
        cast.clock.tick(minutes=120)
        worker.drain()
        text = texts(mails)["xin@example.org"]
        assert "words 2" in text
        assert "words 0" not in text

    def test_never_hold_box_3(self, cast, low, incident, worker, mails):
        cut(cast, incident)
        worker.drain()
        assert "xin@example.org" in texts(mails)

    def test_end_for_what_waits_when_the_incident_is_raised_to_box_3(self, cast, low, worker, mails):
        cut(cast, low, "held words")
        who = {"actor": cast.maya, "now": cast.clock()}
        incidents.change_severity(low, Severity.CRITICAL, **who)
        worker.drain()
        assert "held words" in texts(mails)["xin@example.org"]

    def test_an_alarm_of_what_is_resolved_meanwhile_is_not_sent_after_them(self, cast, low, worker, mails):
        choose("omar", quiet_from=13 * 60, quiet_until=15 * 60)
        other = cast.open(severity=Severity.MEDIUM, title="disk")
        cast.resolve(other)
        cast.clock.tick(minutes=60)
        worker.drain()
        assert "omar@example.org" not in texts(mails)

    def test_an_offer_of_command_is_of_no_use_after_them(self, cast, low, worker, mails):
        choose("omar", quiet_from=13 * 60, quiet_until=15 * 60)
        offer_handover(low, cast.omar.user_id, actor=cast.maya, now=cast.clock())
        cast.clock.tick(minutes=60)
        worker.drain()
        assert "omar@example.org" not in texts(mails)
        row = db.session.scalar(select(Delivery).filter_by(user_id=cast.omar.user_id, notice=Notice.HANDOVER))
        assert row.state is DeliveryState.QUIET

    def test_the_ledger_says_until_when(self, cast, low, worker):
        cut(cast, low)
        worker.drain()
        act = ledger.build(cast.fireground(low.id)).acts[0]
        assert act.summary == "1 told, 1 queued"
        assert act.why == ("Quiet hours until 17:00 Europe/Berlin.",)
        assert not act.has_failed


def test_who_is_switched_off_meanwhile_is_told_nothing(cast, incident, worker, mails):
    cut(cast, incident)
    choose("xin", is_active=False)
    worker.drain()
    assert set(texts(mails)) == {"sam@example.org"}


def test_status_is_all_that_ends_it(cast, incident, worker, mails):
    """Monitoring is told by milestones, not by itself."""
    cast.bring_to(incident, phase.Phase.VALIDATION)
    who = {"actor": cast.maya, "now": cast.clock()}
    phase.change_status(incident, IncidentStatus.MONITORING, override="test", **who)
    worker.drain()
    assert texts(mails) == {}


def test_a_promise_that_lies_in_the_past_is_not_said_again(cast, incident, worker, mails):
    """An internal milestone does not answer what was promised to the public: that stands, overdue."""
    cut(cast, incident, visibility=Visibility.PUBLIC)
    cast.clock.tick(minutes=30)
    cut(cast, incident, "second")
    worker.drain()
    mails.mails.clear()
    who = {"actor": cast.maya, "now": cast.clock()}
    updates.publish_update(incident, "third", visibility=Visibility.PUBLIC, **who)
    cut(cast, incident, "fourth")
    worker.drain()
    told = texts(mails)["xin@example.org"]
    assert "14:20" not in told
    assert told.count("Next update by 23 Nov 14:50 UTC.") == 1


def test_a_correction_of_an_internal_update_is_the_first_word(cast, incident, worker, mails):
    who = {"actor": cast.maya, "now": cast.clock.tick(minutes=1)}
    said = updates.publish_update(incident, "INTERNAL suspicion", **who)
    who = {"actor": cast.maya, "now": cast.clock.tick(minutes=1)}
    corrected = updates.correct_publication(incident, said.id, "Cards fail.", **who)
    entry = db.session.scalar(select(TimelineEvent.seq).filter_by(publication_id=corrected.id))
    timeline.set_visibility(incident, entry, Visibility.PUBLIC, **who)
    worker.drain()
    mail = texts(mails)["xin@example.org"]
    assert "Subject: INC-001 Update: prod-payments-api not responding" in mail
    assert "Cards fail." in mail
    for words in ("INTERNAL", "orrect", "replaces", "14:01"):
        assert words not in mail, words
