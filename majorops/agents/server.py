"""The MCP server, by the official SDK: stateless, each request answered with JSON on the thread that has it.

The SDK speaks ASGI. Its application is run in a loop of its own for each request, on a thread of Flask's, so
that tokens, thread pools, the limit of a body and the WSGI servers are those of the API.
"""

from __future__ import annotations

import asyncio
import logging
from functools import cache
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    TextContent,
    Tool,
    ToolAnnotations,
)
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from majorops.agents.reading import IS_DATA
from majorops.agents.tools import TOOLS
from majorops.db import db
from majorops.domain.errors import Forbidden, Invalid, Refused
from majorops.version import VERSION
from majorops.web.bearer import asking

log = logging.getLogger(__name__)

SECONDS = 25.0  # until a message is given up: a proxy waits for 30
INSTRUCTIONS = (
    "MajorOps runs major incidents. You are a responder: read, log notes, report CAN, answer asks, propose "
    "drafts. A person commands, publishes and decides; whatever you write stands in the record under the "
    "name of your token. Say only what you know, and say where from. " + IS_DATA
)


async def list_tools(context: Any, params: Any) -> ListToolsResult:
    """The tools that the scopes of the token allow."""
    actor = asking()
    allowed = [tool for tool in TOOLS.values() if actor.can(tool.needs)]
    return ListToolsResult(
        tools=[
            Tool(
                name=tool.name,
                description=tool.about,
                input_schema=tool.takes.model_json_schema(),
                annotations=ToolAnnotations(
                    read_only_hint=tool.operation is None, destructive_hint=False, open_world_hint=False
                ),
            )
            for tool in allowed
        ]
    )


async def call_tool(context: Any, params: CallToolRequestParams) -> CallToolResult:
    """What a tool answers; what a rule refuses is told as the tool's own error, so that an agent can mend it.

    Raises MCPError for a tool that there is not.
    """
    tool = TOOLS.get(params.name)
    if tool is None:
        raise MCPError(INVALID_PARAMS, f"There is no tool {params.name[:80]}.")
    try:
        actor = asking()
        if refusal := actor.refusal(tool.needs):
            raise Forbidden(refusal)
        return said(tool.do(tool.takes.model_validate(params.arguments or {}), actor))
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False, include_input=False)
        places = [f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}." for one in wrong[:10]]
        return said("\n".join(places), is_error=True)
    except Invalid as error:
        return said("\n".join(f"{name}: {text}" for name, text in error.errors.items()), is_error=True)
    except Refused as error:
        return said(str(error), is_error=True)
    except DBAPIError:
        db.session.rollback()
        return said("The database does not answer. Nothing was saved; try again.", is_error=True)
    except Exception:  # its words are for the log alone
        log.exception("an agent's tool %s", tool.name)
        return said("Something went wrong here. Nothing was saved.", is_error=True)


def said(text: str, *, is_error: bool = False) -> CallToolResult:
    """A result of one text."""
    return CallToolResult(content=[TextContent(text=text)], is_error=is_error)


@cache
def server() -> Server[Any]:
    """The server of this process. It keeps nothing between two messages."""
    return Server(
        "majorops",
        version=VERSION,
        title="MajorOps",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def answer(body: bytes, headers: list[tuple[str, str]]) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body for one message that was sent by POST."""
    return asyncio.run(_exchange(body, headers))


async def _exchange(body: bytes, headers: list[tuple[str, str]]) -> tuple[int, list[tuple[str, str]], bytes]:
    head: dict[str, Any] = {}
    parts: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            head.update(message)
        else:
            parts.append(message.get("body", b""))

    manager = StreamableHTTPSessionManager(server(), json_response=True, stateless=True)
    async with asyncio.timeout(SECONDS), manager.run():
        await manager.handle_request(_scope(headers), receive, send)
    kept = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head["headers"]]
    return head["status"], [one for one in kept if one[0].lower() != "content-length"], b"".join(parts)


def _scope(headers: list[tuple[str, str]]) -> dict[str, Any]:
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    whole = {"method": "POST", "path": "/mcp", "raw_path": b"/mcp", "query_string": b"", "root_path": ""}
    return {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "headers": raw, **whole}
