"""Agents: the SDK's own client, whose requests reach the application without a network."""

from __future__ import annotations

from dataclasses import dataclass

import anyio.to_thread
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from majorops.db import db
from majorops.domain.access import GRANTS
from majorops.models import User
from majorops.operations.tokens import add_token
from tests.loops import run


class InProcess(httpx2.AsyncBaseTransport):
    """Requests that a thread takes to Flask, as a server would."""

    def __init__(self, app):
        self.app = app

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        body, headers = await request.aread(), list(request.headers.items())

        def ask():
            path = request.url.raw_path.decode()
            return self.app.test_client().open(path, method=request.method, headers=headers, data=body)

        came = await anyio.to_thread.run_sync(ask)
        return httpx2.Response(came.status_code, headers=list(came.headers), content=came.data)


@dataclass
class Agent:
    """Somebody's token and the SDK's client. `mode`: the protocol's, see `mcp.Client`."""

    app: object
    secret: str
    mode: str = "auto"

    def tools(self) -> dict[str, object]:
        """The tools that it is shown, by name."""
        found = self._talk(lambda client: client.list_tools())
        return {tool.name: tool for tool in found.tools}

    def call(self, name: str, **given: object):
        """What a tool answers."""
        return self._talk(lambda client: client.call_tool(name, given))

    def said(self, name: str, **given: object) -> str:
        """The text of a tool that did what it was asked for."""
        result = self.call(name, **given)
        assert not result.is_error, result
        return result.content[0].text

    def refused(self, name: str, **given: object) -> str:
        """The text of a tool that refused."""
        result = self.call(name, **given)
        assert result.is_error, result
        return result.content[0].text

    def _talk(self, ask):
        async def talk():
            headers = {"Authorization": f"Bearer {self.secret}"}
            async with httpx2.AsyncClient(transport=InProcess(self.app), headers=headers) as http:
                line = streamable_http_client("http://localhost/mcp", http_client=http)
                async with Client(line, mode=self.mode) as client:
                    return await ask(client)

        return run(talk)


@pytest.fixture
def agent(app, cast, clock):
    """`agent("rita")`: the agent that Rita gave a token, with all scopes that she may give."""

    def make(nick: str = "rita", scopes=None, mode: str = "auto", **limits) -> Agent:
        user = db.session.get(User, getattr(cast, nick).user_id)
        given = {"name": "triage", "scopes": sorted(GRANTS[user.role] if scopes is None else scopes)}
        _, secret = add_token(user, **given, **limits, actor=user.actor, now=clock())
        return Agent(app, secret, mode)

    return make
