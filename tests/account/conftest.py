"""People with passwords and second factors, and browsers in which they are signed in."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.models import Delivery, User
from majorops.operations import second_factor
from majorops.operations.accounts import set_password
from tests.cast import PASSWORD
from tests.passkeys import Authenticator, asked

MAYA = "maya@example.org"


@pytest.fixture
def settings(settings):
    return settings | {"WTF_CSRF_ENABLED": False, "BASE_URL": "http://localhost"}


@pytest.fixture
def maya(cast, clock) -> User:
    """Maya's account, with a password."""
    user = db.session.get(User, cast.maya.user_id)
    set_password(user, PASSWORD, actor=SYSTEM, now=clock())
    return user


@pytest.fixture
def browser(maya, client):
    """A browser in which Maya signed in by the form."""
    sign_in(client)
    return client


def sign_in(client, password=PASSWORD, email=MAYA, **more):
    return client.post("/login", data={"email": email, "password": password}, **more)


def add_app(user: User, clock) -> tuple[str, list[str]]:
    """Give the account an authenticator app; its secret, and the recovery codes."""
    secret = second_factor.new_app_secret()
    who = {"actor": user.actor, "now": clock()}
    codes = second_factor.add_app(user, secret, code_of(secret, clock), **who)
    clock.tick(seconds=second_factor.STEP)
    return secret, codes


def code_of(secret: str, clock, steps: int = 0) -> str:
    """The app's code, so many half minutes from now."""
    return second_factor.pyotp.TOTP(secret).at(int(clock.now.timestamp()) + steps * second_factor.STEP)


def add_passkey(browser, name="Work laptop", **how) -> Authenticator:
    """Make a passkey in this browser, as a person does."""
    key = Authenticator(**how)
    options, ticket = asked(browser.post("/admin/account/sign-in/passkeys/new").text)
    given = {"name": name, "credential": key.create(options), "ticket": ticket}
    answer = browser.post("/admin/account/sign-in/passkeys", data=given)
    assert answer.status_code in (200, 303), answer.text
    return key


def kept(answer) -> str:
    """What the question for a proof carries of the form that was sent."""
    return re.search(r'name="kept" value="([^"]*)"', answer.text)[1]


def mails() -> list[Delivery]:
    """The mails about accounts, oldest first."""
    return list(db.session.scalars(select(Delivery).filter_by(notice="account").order_by(Delivery.id)))
