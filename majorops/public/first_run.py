"""The first start: a one-time code on the console with which the first admin is made in the browser."""

from __future__ import annotations

import base64
import hashlib
import hmac

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from majorops.operations.accounts import has_accounts


def one_time_code(app: Flask) -> str:
    """The code, `ABCD-EFGH-JKLM`.

    It comes from the secret key: the same in every process and after a restart, and worth nothing once
    there is an account.
    """
    digest = hmac.new(app.config["SECRET_KEY"].encode(), b"first admin", hashlib.sha256).digest()
    letters = base64.b32encode(digest).decode()[:12]
    return "-".join(letters[i : i + 4] for i in (0, 4, 8))


def is_code(typed: str) -> bool:
    """The typed code is the console's.

    Case, spaces and dashes do not matter; 0 and 1 are read as O and I.
    """
    bare = "".join(typed.upper().split()).replace("-", "").translate(str.maketrans("01", "OI"))
    return hmac.compare_digest(bare.encode(), one_time_code(current_app).replace("-", "").encode())


def needs_first_admin() -> bool:
    """There is no account yet. Once there is one it is remembered: accounts are never deleted."""
    if not current_app.extensions.get("has_accounts"):
        current_app.extensions["has_accounts"] = has_accounts()
    return not current_app.extensions["has_accounts"]


def console_line(app: Flask) -> str | None:
    """What the console prints at the start while there is no account; None afterwards."""
    with app.app_context():
        try:
            if not needs_first_admin():
                return None
        except SQLAlchemyError:
            return "The database is not ready. Run: flask --app app db upgrade"
    return (
        "No account yet. Open /setup in the browser and make the first admin with this code: "
        f"{one_time_code(app)}"
    )
