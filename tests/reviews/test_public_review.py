"""The public review on the page of the review: previewed, published, refused in its place, taken back."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select

from majorops.db import db
from majorops.domain.enums import ChannelKind, DeliveryState, Notice, Visibility
from majorops.models import Announcement, Delivery
from majorops.operations import updates
from majorops.operations.curation import set_drill
from tests.notifications.conftest import many

HERE = "/admin/incidents/1/review"
TEXT = "A release retried without backing off."


@pytest.fixture
def settings(settings):
    return settings | {"WTF_CSRF_ENABLED": False}


def test_it_is_seen_before_it_is_published_and_says_whom_it_reaches(incident, maya, client, clock):
    many(3, clock())
    given = {"body": TEXT, "seen": "", "tells": "yes"}
    shown = maya.post(f"{HERE}/public/preview", data=given)
    assert "The public will read" in shown.text
    assert "It goes to 3 subscribers now." in shown.text
    assert TEXT not in client.get("/incidents/1").text
    done = maya.post(f"{HERE}/public", data=given)
    assert done.headers["Location"].endswith("/review#public")
    assert TEXT in client.get("/incidents/1").text
    assert "On the public page since" in maya.get(HERE).text


def test_without_a_word_nothing_is_previewed_and_what_was_typed_stays(incident, maya):
    page = maya.post(f"{HERE}/public/preview", data={"body": " ", "seen": ""})
    assert page.status_code == 422
    assert "Write what is known, confirmed, and next." in page.text
    long = "x" * 10_001
    page = maya.post(f"{HERE}/public/preview", data={"body": long, "seen": ""})
    assert "At most 10,000 characters; this has 10,001." in page.text
    assert long in page.text


def test_who_publishes_second_reads_why_and_keeps_the_text(incident, maya, cast, who):
    updates.publish_public_review(incident, TEXT, **who)
    page = cast.browser("omar").post(f"{HERE}/public", data={"body": "Ours.", "seen": ""})
    assert page.status_code == 409
    assert "published it at" in page.text
    assert "Ours." in page.text


def test_taken_back(incident, maya, client, who):
    updates.publish_public_review(incident, TEXT, **who)
    maya.post(f"{HERE}/public/withdraw")
    assert TEXT not in client.get("/incidents/1").text
    assert "No public review stands." in maya.post(f"{HERE}/public/withdraw").text


def test_nobody_is_offered_what_they_may_not_do(incident, cast, maya, who):
    assert "Write public review" not in cast.browser("rita").get(HERE).text
    assert cast.browser("rita").post(f"{HERE}/public", data={"body": "x"}).status_code == 403
    set_drill(incident, True, **who)
    page = maya.get(HERE).text
    assert "INC-001 is not on the public page: nobody would read it." in page
    assert "Write public review" not in page


def test_no_word_of_the_review_itself_is_in_it(incident, maya, client, who):
    from majorops.operations.reviews import write_text

    write_text(incident, "root_cause", "zebra-secret", **who)
    updates.publish_public_review(incident, TEXT, **who)
    for path in ("/incidents/1", "/api/v2/incidents.json", "/history.atom"):
        assert "zebra-secret" not in client.get(path).text
    assert updates.public_review(incident).visibility is Visibility.PUBLIC


def test_messages_on_their_way_and_failed_are_no_told_ones(incident, maya, who, clock):
    many(3, clock())
    said = updates.publish_public_review(incident, TEXT, **who)
    row = db.session.scalars(select(Announcement).filter_by(act=f"said:{said.id}")).one()
    row.reached, row.failed, row.done_at = 3, 1, clock()
    given = {
        "incident_id": 1,
        "notice": Notice.PUBLIC,
        "act": row.act,
        "recipient": "",
        "subject": "",
        "body": "",
    }
    waits = {"state": DeliveryState.PENDING, "next_at": clock(), "created_at": clock()}
    db.session.add(Delivery(key="k", kind=ChannelKind.EMAIL, **given, **waits))
    db.session.commit()
    assert "Subscribers: 1 told, 1 queued, 1 could not be reached." in maya.get(HERE).text


def test_of_a_text_that_was_never_announced_nothing_is_claimed(incident, maya, who):
    updates.publish_public_review(incident, TEXT, **who)
    db.session.execute(delete(Announcement))
    db.session.commit()
    assert "Subscribers:" not in maya.get(HERE).text
