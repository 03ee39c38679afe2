"""Whose folder it is: public files are written, and removed, only where a marker says that it is ours."""

from __future__ import annotations

from pathlib import Path

import config

MARKER = ".majorops-public"
NOTE = "MajorOps keeps its public pages here: it writes these files again, and removes what is not public.\n"
# Folders of before there was a marker have both of these.
OURS = ("status.txt", "api/v2/summary.json")


class NotOurs(OSError):
    """The folder is no place for public files; its text says why, in one line."""


def claim(folder: Path) -> None:
    """Make the folder, and mark it as ours. Nothing else is written or removed.

    Raises NotOurs for `/`, a home, the program's own folder, one above it, and one that holds files that are
    not ours; OSError where it cannot be written.
    """
    if (folder / MARKER).is_file():
        return
    if why := refusal(folder):
        raise NotOurs(why)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text(NOTE)
    (folder / MARKER).chmod(0o644)


def refusal(folder: Path) -> str:
    """Why public files may not be kept there, in one line; empty where they may."""
    if why := config.no_place_for_files(folder):
        return why
    if not folder.is_dir() or (folder / MARKER).is_file() or all((folder / one).is_file() for one in OURS):
        return ""
    first = min((one.name for one in folder.iterdir()), default="")
    return first and f"{folder} holds files that are not MajorOps' ({first}): use an empty folder"
