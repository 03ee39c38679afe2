"""Who asks by a token of a person's: the same checks for the API and for agents."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import current_app, g, request

from majorops import clock
from majorops.domain.access import Actor
from majorops.operations.tokens import USED_EVERY, actor_of, note_token_used, token_of


@dataclass(frozen=True)
class Denied:
    """Why nothing is done: the status of HTTP, a sentence, and the headers that belong to it."""

    status: int
    detail: str
    headers: dict[str, str] = field(default_factory=dict)


def check_bearer() -> Denied | None:
    """401 without a token that is worth something, 429 where it asks too often; no cookie counts.

    Where it returns None `asking` says who asks.
    """
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    now = clock.now()
    row = token_of(given.strip(), now) if kind.lower() == "bearer" else None
    if row is None:
        sentence = "Send a token in the header Authorization: Bearer."
        return Denied(401, sentence, {"WWW-Authenticate": 'Bearer realm="MajorOps"'})
    g.api_token, g.api_actor = row.id, actor_of(row)
    if waits := current_app.extensions["api_budget"].wait(row.id):
        sentence = f"This token asks too often. Try again in {waits} s."
        return Denied(429, sentence, {"Retry-After": str(waits)})
    if row.used_at is None or row.used_at <= now - USED_EVERY:
        note_token_used(row.id, request.remote_addr or "", actor=g.api_actor, now=now)
    return None


def asking() -> Actor:
    """Who asks: the account of the token, with what both give."""
    actor: Actor = g.api_actor
    return actor
