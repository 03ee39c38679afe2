"""What the page of a review says of telling subscribers, once the worker did it."""

from __future__ import annotations

from majorops.operations import updates
from tests.notifications.conftest import many
from tests.operations.afterwards import resolve

HERE = "/admin/incidents/1/review"
TEXT = "A release retried without backing off."


def test_what_became_of_telling_subscribers_is_said_as_it_is(cast, worker, clock, mails):
    incident, who, maya = cast.open(), {"actor": cast.maya, "now": clock()}, cast.browser("maya")
    resolve(incident, who)
    many(2, clock())
    updates.publish_public_review(incident, TEXT, **who)
    assert "Subscribers: 0 queued, more are being queued." in maya.get(HERE).text
    worker.drain()
    assert "Subscribers: all 2 told." in maya.get(HERE).text
    signal = {"HX-Request": "true", "X-Version": "9999"}
    drawn = maya.get(f"{HERE}/changes?signal=messages", headers=signal)
    assert "Subscribers: all 2 told." in drawn.text
    assert maya.get(f"{HERE}/changes?signal=people", headers=signal).status_code == 204


def test_told_to_nobody_says_so(cast, worker, clock):
    incident, who, maya = cast.open(), {"actor": cast.maya, "now": clock()}, cast.browser("maya")
    resolve(incident, who)
    updates.publish_public_review(incident, TEXT, tells=False, **who)
    assert "Subscribers were not told: so it was chosen." in maya.get(HERE).text
    said = updates.public_review(incident)
    updates.publish_public_review(incident, f"{TEXT} Now it does.", seen=said.id, **who)
    worker.drain()
    assert "Subscribers: nobody to tell at once." in maya.get(HERE).text
