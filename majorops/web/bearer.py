"""Who asks by a token of a person's: the same checks for the API and for agents."""

from __future__ import annotations

from flask import current_app, g, request

from majorops import clock
from majorops.domain.access import Actor
from majorops.models import ApiToken
from majorops.operations.tokens import USED_EVERY, actor_of, note_token_used, token_of


class Denied(Exception):
    """Why nothing is done: the status of HTTP, a sentence, and the headers that belong to it."""

    def __init__(self, status: int, detail: str, headers: dict[str, str]):
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


def admit(authorization: str, address: str) -> tuple[ApiToken, Actor]:
    """The token of a header and who acts by it; keeps that it was used, from this address.

    Raises Denied: 401 without a token that is worth something, 429 where it asks too often.
    """
    kind, _, given = authorization.partition(" ")
    now = clock.now()
    row = token_of(given.strip(), now) if kind.lower() == "bearer" else None
    if row is None:
        sentence = "Send a token in the header Authorization: Bearer."
        raise Denied(401, sentence, {"WWW-Authenticate": 'Bearer realm="MajorOps"'})
    if waits := current_app.extensions["api_budget"].wait(row.id):
        sentence = f"This token asks too often. Try again in {waits} s."
        raise Denied(429, sentence, {"Retry-After": str(waits)})
    actor = actor_of(row)
    if row.used_at is None or row.used_at <= now - USED_EVERY:
        note_token_used(row.id, address, actor=actor, now=now)
    return row, actor


def check_bearer() -> Denied | None:
    """Why the program that asks may not; None where `asking` says who it is. No cookie counts."""
    try:
        row, g.api_actor = admit(request.headers.get("Authorization", ""), request.remote_addr or "")
    except Denied as denied:
        return denied
    g.api_token = row.id
    return None


def asking() -> Actor:
    """Who asks: the account of the token, with what both give."""
    actor: Actor = g.api_actor
    return actor
