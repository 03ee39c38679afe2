"""The forms of sign-in: only what stands in them; the rules are in operations/accounts.py and sign_in.py."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField


class SignInForm(FlaskForm):
    """E-mail and password; `next` is where the person wanted to go."""

    email = StringField("E-mail", default="")
    password = PasswordField("Password", default="")
    next = HiddenField(default="")


class SetupForm(FlaskForm):
    """The first admin, and the one-time code of the server's console."""

    code = StringField("One-time code", default="")
    name = StringField("Name", default="")
    email = StringField("E-mail", default="")
    password = PasswordField("Password", default="")

    @property
    def account(self) -> dict[str, str]:
        """The arguments of `create_first_admin`."""
        return {name: self[name].data or "" for name in ("email", "name", "password")}
