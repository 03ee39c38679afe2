"""SCIM users: the accounts. One is never deleted: who leaves the directory is switched off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from majorops.domain.access import DIRECTORY
from majorops.models import User
from majorops.operations import directory
from majorops.operations.directory import Person
from majorops.scim.blueprint import acting, answer, base_address, bp, page_of
from majorops.scim.requests import (
    EMAIL,
    Change,
    Misunderstood,
    as_flag,
    as_text,
    asked_for,
    changes,
    email_of,
    paging,
    whole,
)
from majorops.web.access import by_bearer

SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
FILTERED = {
    "username": "userName",
    "externalid": "externalId",
    "emails": "emails",
    "emails.value": "emails",
    'emails[type eq "work"].value': "emails",
    "id": "id",
}
TEXTS = {"username", "externalid", "displayname", "name.formatted", "name.givenname", "name.familyname"}


def drawn(user: User) -> dict[str, Any]:
    """The account as SCIM has it."""
    first, _, rest = user.name.partition(" ")
    return {
        "schemas": [SCHEMA],
        "id": str(user.id),
        **({"externalId": user.directory_id} if user.directory_id else {}),
        "userName": directory.user_name_of(user),
        "displayName": user.name,
        "name": {"formatted": user.name, "givenName": first, "familyName": rest},
        "emails": [{"value": user.email, "type": "work", "primary": True}],
        "active": user.is_active,
        "meta": {
            "resourceType": "User",
            "created": f"{user.created_at:%Y-%m-%dT%H:%M:%SZ}",
            "location": f"{base_address()}/Users/{user.id}",
        },
    }


def person_of(made: list[Change], name: str = "") -> Person:
    """What the changes say of a person; `name`: the one that the account has.

    What we have no place for, such as a title or an avatar, is passed over. Raises Misunderstood.
    """
    texts: dict[str, str] = {}
    email, is_active = None, None
    for change in made:
        path = change.path.lower()
        value = None if change.op == "remove" else change.value
        if path == "name" and isinstance(value, dict):
            texts |= {f"name.{part.lower()}": as_text(text, part) for part, text in value.items()}
        elif path in TEXTS:
            texts[path] = as_text(value, change.path)
        elif path == "active":
            is_active = as_flag(value)
        elif EMAIL.fullmatch(change.path):
            email = email_of(value) or None
    if texts.get("username") == "":
        raise Misunderstood("userName is needed.", "invalidValue")
    return Person(
        user_name=texts.get("username"),
        external_id=texts.get("externalid"),
        email=email,
        name=name_of(texts, name),
        is_active=is_active,
    )


def name_of(texts: Mapping[str, str], name: str) -> str | None:
    """The one name that we keep, of the several that SCIM has; None where nothing is said of it."""
    first, _, rest = name.partition(" ")
    parts = [texts.get("name.givenname", first), texts.get("name.familyname", rest)]
    joined = " ".join(filter(None, parts)) if {"name.givenname", "name.familyname"} & set(texts) else ""
    return texts.get("displayname") or texts.get("name.formatted") or joined or None


@bp.get("/Users")
@by_bearer
def list_users() -> Response:
    """The accounts that match the filter, a page of them."""
    start, count = paging()
    total, found = directory.find_people(asked_for(FILTERED), start - 1, count)
    return page_of([drawn(user) for user in found], total, start)


@bp.post("/Users")
@by_bearer
def add_user() -> Response:
    """Take a person in; 409 for one who is here already."""
    user = directory.add_person(person_of(whole()), **acting())
    made = answer(drawn(user), 201)
    made.headers["Location"] = f"{base_address()}/Users/{user.id}"
    return made


@bp.get("/Users/<int:number>")
@by_bearer
def show_user(number: int) -> Response:
    """One account."""
    return answer(drawn(directory.find_person(number)))


@bp.put("/Users/<int:number>")
@by_bearer
def put_user(number: int) -> Response:
    """Change all that is given; what is left out stays."""
    return changed(number, whole())


@bp.patch("/Users/<int:number>")
@by_bearer
def patch_user(number: int) -> Response:
    """Change what the operations say."""
    return changed(number, changes())


def changed(number: int, made: list[Change]) -> Response:
    """Change an account; the answer is how it is now."""
    user = directory.find_person(number)
    directory.change_person(user, person_of(made, user.name), **acting())
    return answer(drawn(user))


@bp.delete("/Users/<int:number>")
@by_bearer
def remove_user(number: int) -> Response:
    """Switch the account off: its sessions and streams end at once."""
    user, given = directory.find_person(number), acting()
    directory.remove_person(user, actor=DIRECTORY, now=given["now"])
    return answer(None)
