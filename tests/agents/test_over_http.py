"""The MCP server as an agent meets it: a socket, the SDK's client, `make run`'s server."""

from __future__ import annotations

import asyncio

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from sqlalchemy import select

from majorops import clock, create_app
from majorops.db import db
from majorops.domain.enums import AccountRole
from majorops.models import User
from majorops.operations.tokens import add_token
from tests.conftest import SECRET
from tests.loops import run
from tests.server import Server, open_incident


def token_in(url: str) -> str:
    """A token of the responder in this database."""
    app = create_app({"DATABASE_URL": url, "SECRET_KEY": SECRET, "TESTING": True})
    with app.app_context():
        user = db.session.scalars(select(User).filter_by(role=AccountRole.RESPONDER)).first()
        scopes = {"name": "triage", "scopes": ["incident:read", "timeline:note"]}
        _, secret = add_token(user, **scopes, actor=user.actor, now=clock.now())
        db.session.remove()
        db.engine.dispose()
    app.extensions["live"].stop()
    return secret


async def ten_notes_at_once(url: str, secret: str, number: int) -> list[str]:
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {secret}"}) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http)) as agent,
    ):
        texts = [f"Note {n}." for n in range(10)]
        notes = [agent.call_tool("log_note", {"incident": number, "text": text}) for text in texts]
        answers = await asyncio.gather(*notes)
        read = await agent.call_tool("read_incident", {"incident": number})
    return [one.content[0].text for one in (*answers, read)]


@pytest.mark.machine_clock
def test_an_agent_at_the_server(server: Server):
    number, secret = open_incident(server.database_url), token_in(server.database_url)
    *notes, read = run(lambda: ten_notes_at_once(server.url, secret, number))
    assert len(set(notes)) == 10
    assert all(f"Note {n}." in read for n in range(10))
    assert "<record>" in read
