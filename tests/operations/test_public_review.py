"""What the public reads of a review: a text of its own, in versions, withdrawable, told to who follows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import Visibility
from majorops.domain.errors import Conflict, Forbidden, Invalid
from majorops.i18n import LANGUAGES
from majorops.models import Announcement, TimelineEvent
from majorops.operations.curation import set_drill
from majorops.operations.edit import edit_field
from majorops.operations.timeline import set_visibility
from majorops.operations.updates import (
    correct_publication,
    post_late_update,
    public_review,
    publish_public_review,
    withdraw_public_review,
)
from majorops.projections import clients, public_incident
from majorops.projections.feed import feed_incidents
from majorops.projections.queries import public_status

TEXT = "A release retried without backing off. It backs off now."
NEWER = "A release retried without backing off. It backs off, and we alert on it."


@pytest.fixture
def incident(cast):
    incident = cast.open()
    cast.resolve(incident)
    return incident


@pytest.fixture
def who(cast, clock, incident):
    return {"actor": cast.maya, "now": clock.tick(minutes=3 * 24 * 60)}


def acts() -> list[str]:
    return list(db.session.scalars(select(Announcement.act).order_by(Announcement.id)))


def test_it_stands_on_the_page_in_feeds_and_in_the_json_of_clients(incident, who):
    latest = public_status(who["now"]).recent[0].latest_text
    posted = publish_public_review(incident, TEXT, **who)
    shown = public_incident(incident.id).updates[0]
    assert (shown.heading, shown.body) == ("Review", TEXT)
    assert shown.late_by >= timedelta(days=2)
    entry = public_incident(incident.id).entries[0]
    assert (entry.title, LANGUAGES["de"].posted(entry.title)) == ("Review", "Auswertung")
    (one,) = feed_incidents(number=incident.id)
    assert (one.updates[0].title, one.updates[0].status, one.review.body) == ("Review", "postmortem", TEXT)
    assert clients.incident(one, "https://x", ())["status"] == "postmortem"
    hook = clients.webhook_incident(one, "https://x", ())
    assert hook["postmortem_body"] == TEXT
    assert hook["postmortem_published_at"] == clients.client_time(posted.at)
    assert public_status(who["now"]).recent[0].latest_text == latest


def test_a_newer_text_takes_its_place_and_the_old_one_stays_readable(incident, who, clock):
    first = publish_public_review(incident, TEXT, **who)
    later = {"actor": who["actor"], "now": clock.tick(minutes=5)}
    publish_public_review(incident, NEWER, seen=first.id, **later)
    shown = public_incident(incident.id).updates[0]
    assert (shown.heading, shown.body, shown.earlier) == ("Review", NEWER, (TEXT,))
    (one,) = feed_incidents(number=incident.id)
    assert one.review.body == NEWER
    assert [update.title for update in one.updates[:2]] == ["Correction", "Review"]
    titles = [entry.title for entry in public_incident(incident.id).entries[:2]]
    assert titles == ["Correction of Review", "Review"]


def test_corrected_as_an_update_it_is_the_review_still(incident, who, clock):
    first = publish_public_review(incident, TEXT, **who)
    correct_publication(incident, first.id, NEWER, actor=who["actor"], now=clock.tick(minutes=5))
    assert public_review(incident).body == NEWER
    assert feed_incidents(number=incident.id)[0].review.body == NEWER


def test_who_publishes_second_is_told_who_did_before(incident, who, cast, clock):
    publish_public_review(incident, TEXT, **who)
    with pytest.raises(Conflict, match=r"Maya .* published it at \d\d:\d\d UTC meanwhile"):
        publish_public_review(incident, NEWER, actor=cast.omar, now=clock())
    assert public_incident(incident.id).updates[0].body == TEXT


@pytest.mark.parametrize("by", ["entry of the newest", "entry of the first", "its own act"])
def test_withdrawn_it_is_no_review_any_more(incident, who, clock, by):
    first = publish_public_review(incident, TEXT, **who)
    later = {"actor": who["actor"], "now": clock.tick(minutes=5)}
    newest = publish_public_review(incident, NEWER, seen=first.id, **later)
    if by == "its own act":
        withdraw_public_review(incident, **later)
    else:
        gone = newest.id if by == "entry of the newest" else first.id
        seq = db.session.scalar(select(TimelineEvent.seq).filter_by(publication_id=gone))
        set_visibility(incident, seq, Visibility.INTERNAL, **later)
    shown = public_incident(incident.id).updates[0]
    assert (shown.body, bool(shown.withdrawn_at)) == ("", True)
    (one,) = feed_incidents(number=incident.id)
    assert one.review is None
    hook = clients.webhook_incident(one, "https://x", ())
    assert (hook["status"], hook["postmortem_body"]) == ("resolved", None)
    assert public_review(incident) is None
    again = publish_public_review(incident, "Anew.", actor=who["actor"], now=clock.tick(minutes=5))
    assert again.corrects_id is None
    assert feed_incidents(number=incident.id)[0].review.body == "Anew."


@pytest.mark.parametrize("before", ["none", "withdrawn"])
def test_only_what_stands_is_withdrawn(incident, who, before):
    if before == "withdrawn":
        publish_public_review(incident, TEXT, **who)
        withdraw_public_review(incident, **who)
        assert public_review(incident) is None
    with pytest.raises(Conflict, match="No public review stands"):
        withdraw_public_review(incident, **who)


@pytest.mark.parametrize("tells", [True, False])
def test_subscribers_get_it_or_not_and_the_json_says_which(incident, who, clock, tells):
    before = len(acts())
    posted = publish_public_review(incident, TEXT, tells=tells, **who)
    assert acts()[before:] == ([f"said:{posted.id}"] if tells else [])
    (one,) = feed_incidents(number=incident.id)
    assert clients.update(one.updates[0], "x")["deliver_notifications"] is tells
    correct_publication(incident, posted.id, NEWER, actor=who["actor"], now=clock.tick(minutes=5))
    assert (len(acts()) > before) is tells


def test_the_correction_of_a_late_update_that_nobody_was_told_of_tells_nobody(incident, who, clock):
    before = acts()
    late = post_late_update(incident, "Refunds are out.", **who)
    correct_publication(incident, late.id, "Most are.", actor=who["actor"], now=clock.tick(minutes=5))
    assert acts() == before


def test_it_needs_a_close_that_the_public_knows_a_text_and_the_right(cast, incident, who):
    with pytest.raises(Invalid):
        publish_public_review(incident, "", **who)
    with pytest.raises(Forbidden):
        publish_public_review(incident, TEXT, actor=cast.rita, now=who["now"])
    running = cast.open(title="dns slow", systems=["dns"])
    with pytest.raises(Conflict, match="runs"):
        publish_public_review(running, TEXT, **who)
    set_drill(incident, True, **who)
    with pytest.raises(Conflict, match="not on the public page"):
        publish_public_review(incident, TEXT, **who)


def test_hidden_with_its_incident(incident, who):
    publish_public_review(incident, TEXT, **who)
    edit_field(incident, "is_public", "no", **who)
    assert public_incident(incident.id) is None
    assert feed_incidents(number=incident.id) == ()
