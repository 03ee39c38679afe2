"""The name (ETag) of what a public page says: new with every public change, deaf to everything internal."""

from __future__ import annotations

from datetime import timedelta

import pytest

from majorops.domain.enums import CommandRole, Severity, Visibility
from majorops.operations.command import assign_role
from majorops.operations.edit import edit_field
from majorops.operations.timeline import add_note
from majorops.operations.updates import publish_milestone, publish_update


@pytest.fixture
def incident(cast):
    return cast.open(severity=Severity.HIGH)


def tags(client) -> tuple[str, str]:
    return tuple(client.get(path).headers["ETag"] for path in ("/", "/incidents/1"))


def bodies(client) -> list[str]:
    return [client.get(path).text for path in ("/", "/incidents/1")]


def test_the_same_page_has_the_same_name_and_is_not_sent_twice(incident, client, clock):
    before = tags(client)
    clock.tick(seconds=40)
    assert tags(client) == before
    for path, tag in zip(("/", "/incidents/1"), before, strict=True):
        answer = client.get(path, headers={"If-None-Match": tag})
        assert (answer.status_code, answer.data) == (304, b"")
    assert client.get("/", headers={"If-None-Match": '"other"'}).status_code == 200


def test_every_public_change_gives_a_new_name(incident, client, cast, clock):
    cast.list_systems("payments-api", "ledger-db", "cdn")
    who = {"actor": cast.maya, "now": clock()}
    changes = [
        lambda: edit_field(incident, "title", "another title", was=incident.title, **who),
        lambda: publish_update(incident, "We know more.", visibility=Visibility.PUBLIC, **who),
        lambda: publish_milestone(
            incident,
            "Cut.",
            visibility=Visibility.PUBLIC,
            next_update_eta=clock() + timedelta(minutes=20),
            **who,
        ),
        lambda: edit_field(incident, "affected_systems", "cdn", was="payments-api, ledger-db", **who),
    ]
    seen = {tags(client)}
    for number, change in enumerate(changes, 2):
        change()
        seen.add(tags(client))
        assert len(seen) == number


def test_the_hour_gives_a_new_name_when_the_badge_turns(incident, client, cast, clock):
    publish_milestone(
        incident,
        "Cut.",
        visibility=Visibility.PUBLIC,
        next_update_eta=clock() + timedelta(minutes=20),
        actor=cast.maya,
        now=clock(),
    )
    names = []
    for minutes in (0, 14, 16, 19, 21, 22):
        clock.now = clock.now.replace(minute=minutes)
        names.append(tags(client))
    assert names[0] == names[1]  # due
    assert names[1] != names[2] == names[3]  # due soon
    assert names[3] != names[4] == names[5]  # overdue


def test_nothing_internal_moves_name_or_page(incident, client, cast, clock):
    before = tags(client), bodies(client)
    who = {"actor": cast.maya, "now": clock()}
    add_note(incident, "secret of the bridge", **who)
    publish_update(incident, "internal text", visibility=Visibility.INTERNAL, **who)
    edit_field(incident, "business_impact", "a lot of money", was="", **who)
    assign_role(incident, CommandRole.SRE, "Rita Moreau", **who)
    drill = cast.open(title="a drill", is_drill=True)
    private = cast.open(title="private", systems=["hr-db"])
    edit_field(private, "is_public", "no", **who)
    add_note(drill, "in the drill", **who)
    assert (tags(client), bodies(client)) == before
