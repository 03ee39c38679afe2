"""Where the address and the token are kept: a file of the user's own, or the environment."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from majorops_client.trouble import NOT_SIGNED_IN, Trouble

LOG_IN = "Not logged in. majorops login keeps address and token, or set MAJOROPS_URL and MAJOROPS_TOKEN."


@dataclass(frozen=True)
class Login:
    """The address of a server, without a slash at its end, and a token of it."""

    url: str
    token: str


def login_of(folder: Path, environ: Mapping[str, str]) -> Login:
    """The environment's, else the one that was kept. Raises Trouble where there is none.

    A token that was kept goes to the address that it was kept with, never to another one of the environment.
    """
    url, token = environ.get("MAJOROPS_URL", "").rstrip("/"), environ.get("MAJOROPS_TOKEN", "")
    kept = _read(folder / "login.json")
    if token and (url or kept):
        return Login(url or kept["url"], token)
    if kept and url in ("", kept["url"]):
        return Login(kept["url"], kept["token"])
    raise Trouble(LOG_IN, NOT_SIGNED_IN)


def keep(folder: Path, login: Login) -> Path:
    """Keep address and token for this user alone, whole or not at all. Returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    file, part = folder / "login.json", folder / f"login.{secrets.token_hex(4)}"
    # With its mode from the start: a file that is closed to others only afterwards was open for a moment.
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as writing:
        json.dump({"url": login.url, "token": login.token}, writing)
    part.replace(file)
    return file


def forget(folder: Path) -> None:
    """Take away what was kept, if anything was."""
    (folder / "login.json").unlink(missing_ok=True)


def _read(file: Path) -> dict[str, str]:
    with suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(file.read_text())
        return {"url": str(kept["url"]), "token": str(kept["token"])}
    return {}
