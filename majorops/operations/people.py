"""Which account somebody meant."""

from __future__ import annotations

import re

from sqlalchemy import or_, select

from majorops.db import db
from majorops.domain.text import clean_line
from majorops.models import User

WITH_ADDRESS = re.compile(r".*<\s*([^<>\s]+)\s*>")


def as_picked(user: User | None) -> str:
    """An account as lists offer it and forms keep it: `Maya Okafor <maya@example.org>`; empty for None."""
    return f"{user.name} <{user.email}>" if user else ""


def account_by_email(email: str) -> User | None:
    """The active account with this e-mail, in any case; None for none."""
    return db.session.scalar(select(User).filter_by(email=email.strip().lower(), is_active=True))


def find_account(typed: str) -> User:
    """The account for its e-mail address, for what a list offers (`as_picked`), or for its name.

    Raises ValueError with a sentence where there is none, or where a name stands for more than one.
    """
    text = clean_line(typed)
    found = WITH_ADDRESS.fullmatch(text)
    email = (found[1] if found else text).lower()
    if user := db.session.scalar(select(User).filter_by(email=email)):
        return user
    if found or "@" in text:
        raise ValueError(f"No account has the e-mail {email}.")
    users = db.session.scalars(select(User).filter_by(name=text).order_by(User.email).limit(2)).all()
    if len(users) > 1:
        raise ValueError(f"More than one account is called {text}: choose one by its e-mail.")
    if not users:
        raise ValueError(f"No account has the e-mail or the name {text}.")
    return users[0]


def names_like(typed: str, most: int) -> list[str]:
    """Names of accounts that hold the text in name or e-mail address, `most` at most; the text itself too."""
    text = clean_line(typed)
    holds = or_(User.name.icontains(text, autoescape=True), User.email.icontains(text, autoescape=True))
    return list(dict.fromkeys([text, *db.session.scalars(select(User.name).where(holds).limit(most))]))
