"""Logs as lines of JSON, on wish: one a request, an operation and a delivery, held together by an id.

No text of an incident stands in them: routes and not addresses, numbers and kinds and not words, of errors
their type and place and not what they say.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is being answered, or that a message goes back to; empty outside of one."""

HEADER = "X-Request-ID"
_FORM = re.compile(r"[0-9A-Za-z-]{8,36}")


def request_id(given: str) -> str:
    """The id that a proxy gave the request, where it looks like one; else a new one."""
    return given if _FORM.fullmatch(given) else secrets.token_hex(8)


def fields(**values: object) -> dict[str, object]:
    """What a line carries beside its message: `log.info("request", extra=fields(status=200))`."""
    return {"fields": values}


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON: when, how grave, who says it, what, and the fields that it carries."""
        at = datetime.fromtimestamp(record.created, UTC)
        said: dict[str, object] = {
            "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if found := REQUEST_ID.get():
            said["request_id"] = found
        said |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[0] is not None:
            kind, _, trace = record.exc_info
            said["error"] = kind.__name__
            said["stack"] = [f"{one.filename}:{one.lineno} {one.name}" for one in traceback.extract_tb(trace)]
        return json.dumps(said, ensure_ascii=False, default=str)


def write_json(stream: TextIO) -> None:
    """Have everything that this process logs, uvicorn's lines too, written to `stream` as JSON."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error", "alembic"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in ("urllib3", "httpx", "httpx2"):
        logging.getLogger(name).setLevel(logging.WARNING)  # they name addresses
