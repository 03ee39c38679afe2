"""SCIM groups: what a directory pushes; the role map says what they mean here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from majorops.models import DirectoryGroup
from majorops.operations import directory
from majorops.operations.directory import Group
from majorops.scim.blueprint import acting, answer, base_address, bp, page_of
from majorops.scim.requests import (
    MEMBER,
    Change,
    Misunderstood,
    as_text,
    asked_for,
    changes,
    numbers_of,
    paging,
    whole,
)
from majorops.web.access import by_bearer

SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
FILTERED = {
    "displayname": "displayName",
    "externalid": "externalId",
    "members": "members",
    "members.value": "members",
    "id": "id",
}


def after(made: list[Change], group: Group) -> Group:
    """What becomes of a group with these changes, one after the other. Raises Misunderstood."""
    for change in made:
        group = _after_one(change, group)
    if not group.name:
        raise Misunderstood("displayName is needed.", "invalidValue")
    return group


def _after_one(change: Change, group: Group) -> Group:
    """What we have no place for is passed over."""
    path, value = change.path.lower(), None if change.op == "remove" else change.value
    if path == "displayname":
        return replace(group, name=as_text(value, "displayName"))
    if path == "externalid":
        return replace(group, external_id=as_text(value, "externalId"))
    if path == "members":
        return replace(group, members=members_after(change, group.members))
    if one := MEMBER.fullmatch(change.path):
        return replace(group, members=members_after(Change(change.op, path, [one[1]]), group.members))
    return group


def members_after(change: Change, members: frozenset[int]) -> frozenset[int]:
    """Who is in the group then. Entra names in a value whom to remove, Okta in the path."""
    if change.op == "remove":
        return frozenset() if change.value is None else members - numbers_of(change.value)
    given = numbers_of(change.value or [])
    return members | given if change.op == "add" else frozenset(given)


def drawn(group: DirectoryGroup) -> dict[str, Any]:
    """The group as SCIM has it; without its members where the request leaves them out."""
    left_out = request.args.get("excludedAttributes", "").lower().split(",")
    base = base_address()
    members = [
        {"value": str(user.id), "display": user.name, "$ref": f"{base}/Users/{user.id}"}
        for user in ([] if "members" in left_out else group.members)
    ]
    return {
        "schemas": [SCHEMA],
        "id": str(group.id),
        **({"externalId": group.external_id} if group.external_id else {}),
        "displayName": group.name,
        **({} if "members" in left_out else {"members": members}),
        "meta": {
            "resourceType": "Group",
            "created": f"{group.created_at:%Y-%m-%dT%H:%M:%SZ}",
            "lastModified": f"{group.changed_at:%Y-%m-%dT%H:%M:%SZ}",
            "location": f"{base}/Groups/{group.id}",
        },
    }


@bp.get("/Groups")
@by_bearer
def list_groups() -> Response:
    """The groups that match the filter, a page of them."""
    start, count = paging()
    total, found = directory.find_groups(asked_for(FILTERED), start - 1, count)
    return page_of([drawn(group) for group in found], total, start)


@bp.post("/Groups")
@by_bearer
def add_group() -> Response:
    """Take a group in; 409 where one has this name."""
    group = directory.add_group(after(whole(), Group()), **acting())
    made = answer(drawn(group), 201)
    made.headers["Location"] = f"{base_address()}/Groups/{group.id}"
    return made


@bp.get("/Groups/<int:number>")
@by_bearer
def show_group(number: int) -> Response:
    """One group."""
    return answer(drawn(directory.find_group(number)))


@bp.put("/Groups/<int:number>")
@by_bearer
def put_group(number: int) -> Response:
    """Name and members as given: who is left out is in it no more."""
    group = directory.find_group(number)
    made = whole()
    directory.change_group(group, lambda now: after(made, replace(now, members=frozenset())), **acting())
    return answer(drawn(group))


@bp.patch("/Groups/<int:number>")
@by_bearer
def patch_group(number: int) -> Response:
    """Change what the operations say. 204, as a large group would be sent back with every member."""
    made = changes()
    directory.change_group(directory.find_group(number), lambda now: after(made, now), **acting())
    return answer(None)


@bp.delete("/Groups/<int:number>")
@by_bearer
def remove_group(number: int) -> Response:
    """Forget the group."""
    directory.remove_group(directory.find_group(number), **acting())
    return answer(None)
