"""Where the first run ends: three steps, each as it is at this moment, and what the settings mean."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

import config
from majorops.admin.setting_words import in_words
from majorops.db import db
from majorops.models import User
from majorops.operations.accounts import set_role
from majorops.operations.catalogue import add_system
from majorops.public.first_run import one_time_code
from tests.cast import PASSWORD
from tests.notifications.receivers import MailServer

HERE = "/admin/first-steps"


def states(browser) -> list[str]:
    return re.findall(r"steps__state[^>]*>(\w+)<", browser.get(HERE).text)


def test_the_first_run_ends_here_and_each_step_is_done_by_doing_it(app, client):
    server = MailServer("refuses")
    app.config["SMTP_URL"] = server.url
    given = {"code": one_time_code(app), "name": "Ada", "email": "ada@example.org", "password": PASSWORD}
    page = client.get(client.post("/setup", data=given).location).text
    assert "did not arrive" in page
    assert "answered 550" in page
    assert states(client) == ["Open", "Open", "Open"]
    start = client.get("/admin/").text
    assert "First steps are open" in start
    assert "people, systems, mail test" in start
    for key, address in {"people": "/admin/data/users/new/", "systems": "/admin/data/systems/new/"}.items():
        assert f'href="{address}"' in re.search(rf'<a[^>]*id="{key}"[^>]*>', page)[0]
        assert client.get(address).status_code == 200
    ada = db.session.scalar(select(User))
    who = {"actor": ada.actor, "now": ada.created_at}
    add_system(name="payments-api", **who)
    assert states(client) == ["Open", "Done", "Open"]
    server.mode = "good"
    client.post("/admin/reach")
    assert states(client) == ["Open", "Done", "Done"]
    new = {"email": "maya@example.org", "name": "Maya", "role": "mim", "password": PASSWORD}
    assert client.post("/admin/data/users/new/", data=new).status_code == 303
    server.stop()
    assert states(client) == ["Done", "Done", "Done"]
    assert "All three are done" in client.get(HERE).text
    start = client.get("/admin/").text
    assert "First steps are open" not in start
    assert f'href="{HERE}"' in start
    maya = db.session.scalar(select(User).filter_by(name="Maya"))
    set_role(maya, ada.role.__class__.RESPONDER, **who)  # true at each load
    app.config["SMTP_URL"] = None
    assert states(client) == ["Open", "Done", "Open"]
    assert "First steps are open" in client.get("/admin/").text


def test_it_says_every_setting_and_no_secret(ada, app):
    app.config["SMTP_URL"] = "smtp://me:hunter2hunter2@mail.example.org"
    page = ada.get(HERE).text
    assert [name for name in config.Settings.model_fields if f"MAJOROPS_{name}" not in page] == []
    assert "hunter2" not in page
    assert app.config["SECRET_KEY"] not in page
    assert "mail.example.org" in page


@pytest.mark.parametrize(
    ("changed", "what", "text", "is_well"),
    [
        ({}, "Mail", "not configured: nobody can be told by mail", False),
        ({"SMTP_URL": "smtp://u:p@mail.example.org"}, "Mail", "refuse the sender", False),
        (
            {"SMTP_URL": "smtp://u:p@mail.example.org", "MAIL_FROM": "a@b.org"},
            "Mail",
            "mail.example.org, as a@b.org",
            True,
        ),
        ({}, "Address", "no link", False),
        ({"BASE_URL": "http://a.org"}, "Address", "without https", False),
        ({"BASE_URL": "https://a.org"}, "Address", "https://a.org", True),
        ({"WORKER": "off"}, "Delivery", "only flask work sends", True),
        ({}, "Public files", "go when MajorOps does not answer", False),
        ({"PUBLIC_DIR": "/srv/public"}, "Public files", "kept in /srv/public", True),
        ({"STATUS_PRIVATE": "on"}, "Public pages", "only for people who sign in", True),
        ({}, "Backups", "makes none by itself", False),
        ({"BACKUP_DIR": "/srv/b"}, "Backups", "every 24 h into /srv/b, not encrypted", True),
        ({"BACKUP_DIR": "/srv/b", "BACKUP_PASSPHRASE": "x" * 12}, "Backups", "/srv/b, encrypted", True),
        ({}, "Secret key", "made here and kept", True),
        ({"SECRET_KEY": "x" * 32}, "Secret key", "set", True),
        ({"DATABASE_URL": "postgresql://u@h/d"}, "Between processes", "travel by PostgreSQL", True),
        ({"SCIM_TOKEN": "x" * 32}, "Directory", "/scim/v2", True),
        ({"OIDC_ROLE_MAP": '{"a": "mim"}'}, "Roles", "MAJOROPS_OIDC_ROLE_MAP decide", True),
        ({}, "Drafts", "by rule", True),
    ],
)
def test_settings_in_words(tmp_path, changed, what, text, is_well):
    given = {f"MAJOROPS_{name}": value for name, value in changed.items()}
    settings = config.load(given, instance=tmp_path)
    (said,) = (one for one in in_words(dict(settings), settings.states, "") if one.what == what)
    assert text in said.text
    assert said.is_well is is_well


def test_files_that_are_not_written_are_said(tmp_path):
    settings = config.load({"MAJOROPS_PUBLIC_DIR": "/srv/public"}, instance=tmp_path)
    said = {one.what: one.text for one in in_words(dict(settings), settings.states, "disk full")}
    assert said["Public files"] == "not being written: disk full"
