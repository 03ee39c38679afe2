"""Whether a request comes from somebody who signed in, told by the signature of the cookie alone."""

from __future__ import annotations

from flask import Flask
from itsdangerous import BadData

from majorops.web.session import cookie_signer


class SessionCookie:
    """Reads the session cookie without the database.

    A session that has ended is known to Flask only, and its cookie can be had by signing in alone. A forged
    cookie makes nobody staff.
    """

    def __init__(self, app: Flask):
        self._signer = cookie_signer(app)
        self._name = app.config["SESSION_COOKIE_NAME"].encode()
        self._life = int(app.permanent_session_lifetime.total_seconds())

    def is_signed_in(self, headers: list[tuple[bytes, bytes]]) -> bool:
        """The request carries a session cookie of ours that names somebody."""
        for name, value in headers:
            if name == b"cookie":
                for part in value.split(b";"):
                    key, _, text = part.strip().partition(b"=")
                    if key == self._name and self._names_somebody(text):
                        return True
        return False

    def _names_somebody(self, text: bytes) -> bool:
        try:
            return "_user_id" in self._signer.loads(text.strip(b'"'), max_age=self._life)
        except (BadData, ValueError, TypeError):
            return False
