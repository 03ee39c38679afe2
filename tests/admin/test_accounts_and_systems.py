"""Accounts and the systems catalogue: written by their operations, refused at the field,
kept in the audit.
"""

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import AccountRole
from majorops.models import System, User
from majorops.operations import accounts, catalogue
from tests.admin.browsing import audits, form_of, save


def test_accounts_are_added_and_changed_by_verbs(ada, cast):
    new = {
        "email": "NEW@example.org",
        "name": "New Person",
        "role": "responder",
        "password": "correct horse battery",
    }
    assert save(ada, "/admin/data/users/new/", **new).status_code == 303
    user = db.session.scalar(select(User).filter_by(email="new@example.org"))
    edit = f"/admin/data/users/edit/?id={user.id}"
    assert "correct horse" not in ada.get(edit).text
    changed = {"name": "Other Name", "role": "mim", "is_active": "no", "password": "another horse battery"}
    assert save(ada, edit, **changed).status_code == 303
    db.session.expire_all()
    assert (user.name, user.role, user.is_active) == ("Other Name", AccountRole.MIM, False)
    kinds = [entry.kind for entry in audits("user.")]
    assert kinds == [
        "user.added",
        "user.changed",
        "user.role_changed",
        "user.switched_off",
        "user.password_set",
    ]
    assert "Saved: Name, Role, May sign in, New password." in ada.get("/admin/data/users/").text


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"email": "maya@example.org"}, "has an account already"),
        ({"email": "nobody"}, "e-mail address such as"),
        ({"name": "x" * 121}, "1 to 120 characters"),
        ({"password": "short"}, "12 to 200 characters"),
        ({"role": "king"}, "choice"),
    ],
)
def test_an_account_that_cannot_be_is_told_at_its_field(ada, given, message):
    new = {"email": "new@example.org", "name": "New", "role": "mim", "password": ""}
    answer = save(ada, "/admin/data/users/new/", **new | given)
    assert answer.status_code == 422
    assert message in answer.text.lower() or message in answer.text
    form = form_of(answer)
    assert form["name"] == (given.get("name") or "New")
    assert not audits("user.added")


def test_the_last_admin_stays(ada, cast):
    edit = f"/admin/data/users/edit/?id={cast.ada.user_id}"
    for given in ({"role": "mim"}, {"is_active": "no"}):
        answer = save(ada, edit, name="Kept", **given)
        assert answer.status_code == 422
        assert "last admin" in answer.text
        assert form_of(answer)["name"] == "Kept"
    assert not audits("user.")


def test_a_stale_account_form_does_not_put_back_what_another_admin_did(ada, cast):
    edit = f"/admin/data/users/edit/?id={cast.rita.user_id}"
    opened = form_of(ada.get(edit))
    user = db.session.get(User, cast.rita.user_id)
    accounts.set_active(user, False, actor=cast.ada, now=cast.clock())
    assert ada.post(edit, data=opened | {"name": "Rita M."}).status_code == 303
    db.session.expire_all()
    assert (user.name, user.is_active) == ("Rita M.", False)


def test_systems_are_kept_by_verbs(ada, cast):
    new = {"name": "  Payments-API ", "description": "takes cards", "owner": "rita@example.org"}
    assert save(ada, "/admin/data/systems/new/", **new).status_code == 303
    system = db.session.scalar(select(System))
    assert (system.name, system.owner.email, system.is_active) == ("payments-api", "rita@example.org", True)
    edit = f"/admin/data/systems/edit/?id={system.id}"
    assert save(ada, edit, name="payments", owner="", is_active="no").status_code == 303
    db.session.expire_all()
    assert (system.name, system.owner, system.description, system.is_active) == (
        "payments",
        None,
        "takes cards",
        False,
    )
    assert [entry.kind for entry in audits("system.")] == ["system.added", "system.changed", "system.retired"]
    assert (
        audits("system.changed")[0].detail == "name payments-api › payments\nowner rita@example.org › (empty)"
    )
    save(ada, edit, is_active="yes")
    assert audits("system.restored")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": "a,b"}, "no comma"),
        ({"name": "x" * 81}, "1 to 80"),
        ({"name": "LEDGER"}, "in the catalogue already"),
        ({"owner": "nobody@example.org"}, "No account has"),
        ({"description": "x" * 301}, "At most 300"),
    ],
)
def test_a_system_that_cannot_be(ada, cast, given, message):
    catalogue.add_system(name="ledger", actor=cast.ada, now=cast.clock())
    answer = save(
        ada, "/admin/data/systems/new/", **{"name": "cards", "description": "kept", "owner": ""} | given
    )
    assert answer.status_code == 422
    assert message in answer.text
    assert form_of(answer)["description"] == given.get("description", "kept")
    assert len(audits("system.")) == 1


def test_where_groups_decide_the_role_its_editor_says_so(app, ada, cast):
    edit = f"/admin/data/users/edit/?id={cast.rita.user_id}"
    assert "MAJOROPS_OIDC_ROLE_MAP" not in ada.get(edit).text
    app.config["OIDC_ROLE_MAP"] = {"on-call": "mim"}
    assert "MAJOROPS_OIDC_ROLE_MAP" not in ada.get(edit).text  # Rita has a password
    db.session.get(User, cast.rita.user_id).oidc_subject = "i#1"
    db.session.commit()
    assert "Groups decide the role" in ada.get(edit).text
