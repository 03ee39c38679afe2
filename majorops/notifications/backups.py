"""Makes backups: by hand, and by the clock in the folder of the settings, where it keeps the newest ones."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import current_app

import config
from majorops import clock
from majorops.backup.take import Backup, take
from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.operations.backups import begin_backup, end_backup
from majorops.signing import keys_of

log = logging.getLogger(__name__)

ENDING = ".backup"
OURS = re.compile(r"majorops-\d{8}T\d{6}Z\.backup")
OF_PART = re.compile(r"\.majorops-\d{8}T\d{6}Z\.backup\.part")
LOGOS = ("LOGO", "LOGO_DARK", "FAVICON")


def make_backup(path: Path, now: datetime, passphrase: str) -> tuple[Path, Backup]:
    """Write a backup to `path`, or into it where that is a folder. Returns the file and what it holds.

    Raises BackupProblem, OSError.
    """
    file = path / f"majorops-{now:%Y%m%dT%H%M%SZ}{ENDING}" if path.is_dir() else path
    settings = current_app.config
    logos = [Path(settings[name]) for name in LOGOS if settings[name]]
    made = take(
        db.engine,
        file,
        now=now,
        keys=keys_of(settings),
        settings=plain_settings(settings, current_app.extensions["setting_states"]),
        files=logos,
        passphrase=passphrase,
    )
    return file, made


def plain_settings(settings: Mapping[str, Any], states: Mapping[str, str]) -> dict[str, str]:
    """What was set, by the name in the environment; of a secret only that it was set."""
    found = {}
    for name in config.Settings.model_fields:
        if states.get(name, config.DEFAULT) != config.DEFAULT:
            value = settings[name]
            text = json.dumps(value) if isinstance(value, dict) else config.shown(name, value, config.SET)
            found[config.PREFIX + name] = "(secret)" if name in config.SECRETS else text
    return found


def back_up_when_due(settings: Mapping[str, Any]) -> bool:
    """Make the timed backup if one is due, and delete those that are too many. Returns whether it made one.

    Never raises for a backup that fails: why is kept, and it is tried again.
    """
    folder, every = Path(settings["BACKUP_DIR"]), timedelta(hours=settings["BACKUP_HOURS"])
    number = begin_backup(every=every, actor=SYSTEM, now=clock.now())
    if number is None:
        return False
    path, size, rows, problem = str(folder), 0, 0, ""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file, made = make_backup(folder, clock.now(), settings["BACKUP_PASSPHRASE"] or "")
        path, size, rows = str(file), file.stat().st_size, made.total
        keep_newest(folder, settings["BACKUP_KEEP"])
    except OSError as error:
        problem = f"{error.filename or folder}: {error.strerror}"
    except Exception as error:
        log.exception("the timed backup")
        problem = f"{type(error).__name__}: {error}"
    now = clock.now()
    end_backup(number, path=path, size=size, rows=rows, problem=problem, actor=SYSTEM, now=now)
    return True


def keep_newest(folder: Path, count: int) -> None:
    """Delete backups of ours beyond the newest `count`, and what broken ones left; no other file."""
    ours = sorted((one for one in folder.iterdir() if OURS.fullmatch(one.name)), reverse=True)
    parts = [one for one in folder.iterdir() if OF_PART.fullmatch(one.name)]
    for one in (*ours[count:], *parts):
        with suppress(OSError):
            one.unlink()
