"""SCIM 2.0 as Okta and Entra speak it: bodies as their own documents show them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import AccountRole, SignInMethod
from majorops.domain.rights import RoleMap
from majorops.models import AuditEntry, User
from majorops.operations.accounts import start_session
from majorops.operations.sign_in import sign_in_sso
from majorops.web.session import sign_in_client

TOKEN = "scim-tests-only-scim-tests-only-scim"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
NEW = {
    "schemas": [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
    "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
    "userName": "Lena.Vogt@example.org",
    "active": True,
    "displayName": "Lena Vogt",
    "emails": [
        {"type": "home", "value": "lena@home.example"},
        {"primary": True, "type": "work", "value": "Lena.Vogt@example.org"},
    ],
    "meta": {"resourceType": "User"},
    "name": {"formatted": "Lena Vogt", "familyName": "Vogt", "givenName": "Lena"},
    "roles": [],
    "title": "SRE",
}


@pytest.fixture
def settings(settings):
    return settings | {"SCIM_TOKEN": TOKEN, "OIDC_ROLE_MAP": {"on-call": "mim", "g-77": "admin"}}


class Directory:
    """Okta or Entra: asks with the token, and wants SCIM's own answers."""

    def __init__(self, client):
        self.client = client

    def ask(self, method: str, path: str, body=None, status: int = 200, **query):
        answer = self.client.open(
            f"/scim/v2{path}",
            method=method,
            json=body,
            query_string=query,
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/scim+json"},
        )
        assert answer.status_code == status, answer.text
        if status == 204:
            return None
        assert answer.content_type == "application/scim+json"
        return answer.get_json(force=True)

    def add(self, **changes) -> str:
        return self.ask("POST", "/Users", NEW | changes, 201)["id"]

    def patch(self, path: str, *operations: dict, status: int | None = None):
        status = status or (204 if "/Groups" in path else 200)
        return self.ask("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, status)

    def group(self, name: str, *members: str, **more) -> str:
        body = {"schemas": [GROUP], "displayName": name, "members": [{"value": one} for one in members]}
        return self.ask("POST", "/Groups", body | more, 201)["id"]

    def members(self, group: str) -> list[str]:
        return [one["value"] for one in self.ask("GET", f"/Groups/{group}")["members"]]


@pytest.fixture
def directory(app, cast, client) -> Directory:
    return Directory(client)


def account(number: str) -> User:
    db.session.rollback()
    return db.session.get(User, int(number))


@pytest.mark.parametrize("given", [None, "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x"])
def test_nobody_without_the_token(app, cast, client, given):
    headers = {"Authorization": given} if given else {}
    for path in ("/scim/v2/Users", "/scim/v2/ServiceProviderConfig", "/scim/v2/Groups/1"):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.get_json(force=True)["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert cast.browser("ada").get("/scim/v2/Users").status_code == 401


def test_switched_off_without_a_token_of_the_settings(app, cast, client):
    app.config["SCIM_TOKEN"] = None
    assert client.get("/scim/v2/Users", headers={"Authorization": "Bearer "}).status_code == 404


def test_what_it_can_do(directory):
    config = directory.ask("GET", "/ServiceProviderConfig")
    assert config["patch"]["supported"] is True
    assert config["bulk"]["supported"] is False
    assert config["filter"] == {"supported": True, "maxResults": 200}
    types = directory.ask("GET", "/ResourceTypes")["Resources"]
    assert [(one["endpoint"], one["schema"]) for one in types] == [("/Users", USER), ("/Groups", GROUP)]
    assert directory.ask("GET", "/ResourceTypes/User")["name"] == "User"
    assert {one["id"] for one in directory.ask("GET", "/Schemas")["Resources"]} == {USER, GROUP}
    assert directory.ask("GET", f"/Schemas/{USER}")["name"] == "User"
    assert directory.ask("GET", "/Schemas/none", status=404)["status"] == "404"


def test_a_person_is_taken_in(directory):
    made = directory.ask("POST", "/Users", NEW, 201)
    assert made["userName"] == "lena.vogt@example.org"
    assert made["emails"] == [{"value": "lena.vogt@example.org", "type": "work", "primary": True}]
    assert made["meta"]["location"].endswith(f"/scim/v2/Users/{made['id']}")
    assert directory.ask("GET", f"/Users/{made['id']}") == made
    user = account(made["id"])
    assert (user.name, user.role, user.is_active) == ("Lena Vogt", AccountRole.STAKEHOLDER, True)
    again = directory.ask("POST", "/Users", NEW, 409)
    assert (again["scimType"], again["status"]) == ("uniqueness", "409")


@pytest.mark.parametrize(
    ("asked", "total"),
    [
        ('userName eq "LENA.vogt@example.org"', 1),
        ('userName Eq "maya@example.org"', 1),  # an account that is here already
        ('userName eq "nobody@example.org"', 0),
        ('externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"', 1),
        ('emails[type eq "work"].value eq "lena.vogt@example.org"', 1),
        ('emails.value eq "lena.vogt@example.org"', 1),
        ('userName eq "lena.vogt@example.org" and externalId eq "x"', 0),
        ('urn:ietf:params:scim:schemas:core:2.0:User:userName eq "lena.vogt@example.org"', 1),
        ('userName eq "a\\"b@example.org"', 0),
    ],
)
def test_a_person_is_found(directory, asked, total):
    directory.add()
    found = directory.ask("GET", "/Users", filter=asked)
    assert (found["totalResults"], len(found["Resources"])) == (total, total)


@pytest.mark.parametrize(
    "asked",
    ['userName sw "l"', "userName", 'title eq "x"', 'userName eq "a" or id eq "1"', "(", "userName pr"],
)
def test_a_filter_that_is_not_understood(directory, asked):
    assert directory.ask("GET", "/Users", filter=asked, status=400)["scimType"] == "invalidFilter"


def test_pages(directory):
    every = directory.ask("GET", "/Users")
    assert every["totalResults"] == 5
    second = directory.ask("GET", "/Users", startIndex=2, count=2)
    assert (second["startIndex"], second["itemsPerPage"]) == (2, 2)
    assert second["Resources"] == every["Resources"][1:3]
    assert directory.ask("GET", "/Users", count=0)["Resources"] == []
    assert directory.ask("GET", "/Users", startIndex=-1, count=-1)["totalResults"] == 5
    assert directory.ask("GET", "/Users", startIndex="x", status=400)["scimType"] == "invalidValue"


OFF = {
    "Okta": {"op": "replace", "value": {"active": False}},
    "Entra": {"op": "Replace", "path": "active", "value": "False"},
    "by the letter": {"op": "replace", "path": "active", "value": False},
    "with the schema": {"op": "replace", "path": f"{USER}:active", "value": False},
    "added": {"op": "Add", "value": {f"{USER}:active": "false"}},
}


@pytest.mark.parametrize("spelling", OFF)
def test_who_leaves_is_out_at_once(app, cast, directory, clock, spelling):
    heard = []
    app.extensions["live"].publish_sign_out = lambda: heard.append(True)
    maya = cast.browser("maya")
    assert maya.get("/admin/incidents").status_code == 200
    path = f"/Users/{cast.maya.user_id}"
    assert directory.patch(path, OFF[spelling])["active"] is False
    assert maya.get("/admin/incidents").status_code == 303
    assert heard  # the streams of every process look at their sessions
    assert directory.patch(path, {"op": "Replace", "path": "active", "value": "True"})["active"] is True
    assert maya.get("/admin/incidents").status_code == 303  # an ended session stays ended


@pytest.mark.parametrize("value", ["off", None, "", 0, 1, {}])
def test_what_is_neither_true_nor_false_lets_nobody_stay_in_by_mistake(cast, directory, value):
    found = directory.patch(
        f"/Users/{cast.maya.user_id}", {"op": "replace", "path": "active", "value": value}, status=400
    )
    assert found["scimType"] == "invalidValue"


def test_the_last_admin_too(cast, directory):
    directory.patch(f"/Users/{cast.ada.user_id}", OFF["Okta"])
    assert account(str(cast.ada.user_id)).is_active is False


def test_put_changes_what_is_given(directory):
    number = directory.add()
    told = directory.ask("PUT", f"/Users/{number}", NEW | {"displayName": "Lena Berg", "active": False})
    assert (told["displayName"], told["active"]) == ("Lena Berg", False)
    told = directory.ask("PUT", f"/Users/{number}", {"schemas": [USER], "userName": "lena.berg@example.org"})
    assert (told["userName"], told["active"]) == ("lena.berg@example.org", False)
    assert told["emails"][0]["value"] == "lena.vogt@example.org"


@pytest.mark.parametrize(
    ("operations", "name", "email"),
    [
        ([{"op": "Replace", "path": "displayName", "value": "L. Berg"}], "L. Berg", None),
        ([{"op": "Replace", "path": "name.familyName", "value": "Berg"}], "Lena Berg", None),
        (
            [{"op": "replace", "value": {"name.givenName": "Leni", "name.familyName": "Berg"}}],
            "Leni Berg",
            None,
        ),
        ([{"op": "replace", "value": {"name": {"formatted": "Dr. Vogt"}}}], "Dr. Vogt", None),
        (
            [{"op": "Add", "path": 'emails[type eq "work"].value', "value": "l.berg@example.org"}],
            "Lena Vogt",
            "l.berg@example.org",
        ),
        (
            [{"op": "replace", "value": {"emails": [{"value": "b@example.org", "primary": "True"}]}}],
            "Lena Vogt",
            "b@example.org",
        ),
        (
            [{"op": "Replace", "path": 'emails[type eq "home"].value', "value": "h@b.example"}],
            "Lena Vogt",
            None,
        ),
        ([{"op": "replace", "path": "title", "value": "Lead"}], "Lena Vogt", None),
        ([{"op": "remove", "path": "externalId"}], "Lena Vogt", None),
        ([{"op": "replace", "path": "displayName", "value": " "}], "Lena Vogt", None),
    ],
)
def test_patches_of_a_person(directory, operations, name, email):
    told = directory.patch(f"/Users/{directory.add()}", *operations)
    assert told["displayName"] == name
    assert told["emails"][0]["value"] == (email or "lena.vogt@example.org")
    assert ("externalId" in told) is (operations[0]["op"] != "remove")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("text", "invalidSyntax"),
        ({}, "invalidSyntax"),
        ({"Operations": []}, "invalidSyntax"),
        ({"Operations": ["x"]}, "invalidSyntax"),
        ({"Operations": [{"op": "move", "path": "active"}]}, "invalidSyntax"),
        ({"Operations": [{"op": "replace", "value": "x"}]}, "noTarget"),
        ({"Operations": [{"op": "replace", "path": "userName", "value": ""}]}, "invalidValue"),
        ({"Operations": [{"op": "replace", "path": "displayName", "value": 7}]}, "invalidValue"),
        ({"Operations": [{"op": "replace", "path": "emails", "value": "no address"}]}, "invalidValue"),
    ],
)
def test_a_patch_that_cannot_be_read_changes_nothing(cast, directory, body, kind):
    assert directory.ask("PATCH", f"/Users/{cast.maya.user_id}", body, 400)["scimType"] == kind
    assert account(str(cast.maya.user_id)).directory_name is None


def test_an_address_or_name_of_somebody_else_is_refused(cast, directory):
    number = directory.add()
    taken = {"op": "replace", "path": "emails", "value": "maya@example.org"}
    assert directory.patch(f"/Users/{number}", taken, status=409)["scimType"] == "uniqueness"
    named = {"op": "replace", "path": "userName", "value": "lena.vogt@example.org"}
    assert directory.patch(f"/Users/{cast.maya.user_id}", named, status=409)["scimType"] == "uniqueness"


def test_deleted_is_switched_off_and_comes_back_as_the_same_account(directory):
    number = directory.add()
    group = directory.group("staff", number)
    directory.ask("DELETE", f"/Users/{number}", status=204)
    for method in ("GET", "DELETE"):
        assert directory.ask(method, f"/Users/{number}", status=404)["status"] == "404"
    assert directory.ask("GET", "/Users", filter='userName eq "lena.vogt@example.org"')["totalResults"] == 0
    assert directory.members(group) == []
    assert (account(number).is_active, account(number).name) == (False, "Lena Vogt")
    assert directory.add() == number
    assert account(number).is_active


def test_an_account_that_is_here_is_taken_over(cast, directory):
    maya = directory.ask("POST", "/Users", NEW | {"userName": "maya@example.org", "emails": []}, 201)
    assert maya["id"] == str(cast.maya.user_id)
    assert account(maya["id"]).role is AccountRole.MIM  # no group of the map is pushed: given by hand


def test_userName_need_not_be_an_address(directory):
    made = directory.ask("POST", "/Users", NEW | {"userName": "lvogt"}, 201)
    assert (made["userName"], made["emails"][0]["value"]) == ("lvogt", "lena.vogt@example.org")
    assert directory.ask("GET", "/Users", filter='userName eq "LVogt"')["totalResults"] == 1
    bad = NEW | {"userName": "lvogt2", "emails": []}
    assert directory.ask("POST", "/Users", bad, 400)["scimType"] == "invalidValue"


REMOVALS = {
    "Okta": lambda number: {"op": "remove", "path": f'members[value eq "{number}"]'},
    "Entra": lambda number: {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": number}]},
    "all": lambda number: {"op": "remove", "path": "members"},
    "by replacing": lambda number: {"op": "replace", "path": "members", "value": []},
}


@pytest.mark.parametrize("spelling", REMOVALS)
def test_groups_have_the_roles_of_the_map_at_once(cast, directory, spelling):
    number, other = directory.add(), directory.add(userName="kim@example.org", emails=[])
    group = directory.group("on-call", other)
    assert account(number).role is AccountRole.STAKEHOLDER
    directory.patch(f"/Groups/{group}", {"op": "Add", "path": "members", "value": [{"value": number}]})
    assert directory.members(group) == [number, other]
    assert account(number).role is AccountRole.MIM
    browser = directory.client.application.test_client()
    token = start_session(
        account(number), method=SignInMethod.SSO, actor=account(number).actor, now=cast.clock()
    )
    sign_in_client(browser, token)
    assert browser.get("/new").status_code == 200
    directory.patch(f"/Groups/{group}", REMOVALS[spelling](number))
    assert number not in directory.members(group)
    assert account(number).role is AccountRole.STAKEHOLDER
    assert browser.get("/new").status_code == 403
    assert account(other).role is (
        AccountRole.MIM if spelling in ("Okta", "Entra") else AccountRole.STAKEHOLDER
    )


def test_the_map_may_name_a_group_by_its_externalId(cast, directory):
    number = directory.add()
    group = directory.group("Administrators", number, externalId="g-77")
    assert account(number).role is AccountRole.ADMIN
    directory.patch(f"/Groups/{group}", {"op": "replace", "value": {"externalId": "g-78"}})
    assert account(number).role is AccountRole.ADMIN  # no group of the map is pushed any more
    directory.patch(f"/Groups/{group}", {"op": "replace", "value": {"displayName": "on-call", "id": group}})
    assert account(number).role is AccountRole.MIM
    directory.ask("DELETE", f"/Groups/{group}", status=204)
    assert account(number).role is AccountRole.STAKEHOLDER
    assert directory.ask("GET", f"/Groups/{group}", status=404)


def test_pushed_groups_decide_at_a_sign_in_too(app, cast, directory, clock):
    number = directory.add()
    directory.group("on-call", number)
    given = {"subject": "i#1", "email": "lena.vogt@example.org", "name": "Lena", "is_verified": True}
    for groups in ([], ["g-77"]):
        sign_in_sso(
            **given, groups=groups, role_map=RoleMap(app.config["OIDC_ROLE_MAP"]), actor=SYSTEM, now=clock()
        )
        assert account(number).role is AccountRole.MIM


def test_groups_are_found_and_pages_leave_members_out(directory):
    number = directory.add()
    group = directory.group("on-call", number)
    directory.group("staff")
    found = directory.ask("GET", "/Groups", filter='displayName eq "on-call"', excludedAttributes="members")
    assert found["totalResults"] == 1
    assert "members" not in found["Resources"][0]
    assert directory.ask("GET", "/Groups")["Resources"][0]["members"][0]["display"] == "Lena Vogt"
    both = f'id eq "{group}" and members eq "{number}"'
    assert directory.ask("GET", "/Groups", filter=both)["totalResults"] == 1
    told = directory.ask("PUT", f"/Groups/{group}", {"displayName": "on-call", "members": []})
    assert told["members"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        ("POST", "/Groups", {"displayName": "staff"}, 409, "uniqueness"),
        ("POST", "/Groups", {"displayName": ""}, 400, "invalidValue"),
        ("POST", "/Groups", {"displayName": "x", "members": [{"value": "999"}]}, 400, "invalidValue"),
        ("POST", "/Groups", {"displayName": "x", "members": [{"value": "maya"}]}, 400, "invalidValue"),
        ("POST", "/Groups", {"displayName": "x", "members": "maya"}, 400, "invalidValue"),
        ("PATCH", "/Groups/99", {"Operations": [{"op": "remove", "path": "members"}]}, 404, None),
    ],
)
def test_what_is_refused_of_groups(directory, method, path, body, status, kind):
    directory.group("staff")
    assert directory.ask(method, path, body, status).get("scimType") == kind


def test_what_changed_stands_in_the_audit_under_the_directorys_name(directory):
    number = directory.add()
    group = directory.group("on-call", number)
    directory.patch(f"/Users/{number}", OFF["Okta"])
    directory.ask("DELETE", f"/Groups/{group}", status=204)
    db.session.rollback()
    rows = db.session.execute(select(AuditEntry.kind, AuditEntry.actor_name)).all()
    by_us = {kind for kind, name in rows if name == "Directory (SCIM)"}
    assert {"user.added", "user.linked", "user.role_changed", "user.switched_off"} <= by_us
    assert {"group.added", "group.removed"} <= by_us


HOSTILE = [
    "\x00",
    "a\x00b",
    "\ud800",
    "x" * 5_000,
    "\u202eevil",
    "'; DROP TABLE user_account",
    "\n",
    "%s",
    "{}",
]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_text_is_a_server_error(cast, directory, text):
    asked = [
        ("POST", "/Users", NEW | {"userName": text, "externalId": text, "displayName": text}),
        (
            "POST",
            "/Users",
            NEW | {"externalId": text, "emails": [{"value": text}], "name": {"givenName": text}},
        ),
        ("POST", "/Groups", {"displayName": text, "externalId": text}),
        ("PUT", f"/Users/{cast.maya.user_id}", {text: text, "name": text, "emails": {"value": text}}),
        ("PATCH", f"/Users/{cast.maya.user_id}", {"Operations": [{"op": text, "path": text, "value": text}]}),
        (
            "PATCH",
            f"/Users/{cast.maya.user_id}",
            {"Operations": [{"op": "add", "path": text, "value": text}]},
        ),
    ]
    for method, path, body in asked:
        answer = directory.client.open(
            f"/scim/v2{path}", method=method, json=body, headers={"Authorization": f"Bearer {TOKEN}"}
        )
        assert answer.status_code in (200, 201, 400, 409), answer.text
    for name in ("userName", "externalId", "displayName"):
        for path in ("/Users", "/Groups"):
            query = {"filter": f'{name} eq "{text}"'.encode("utf-8", "replace").decode()}
            answer = directory.client.get(
                f"/scim/v2{path}", query_string=query, headers={"Authorization": f"Bearer {TOKEN}"}
            )
            assert answer.status_code in (200, 400)


def test_a_body_deeper_than_a_parser_goes(directory):
    deep = "[" * 100_000
    answer = directory.client.post("/scim/v2/Users", data=deep, headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 400
