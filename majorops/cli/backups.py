"""The commands `backup`, `verify-backup` and `restore`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

import config
from majorops import clock
from majorops.backup.container import LOCKED, is_encrypted
from majorops.backup.restore import check_schema, keys_fit, restore, target_of
from majorops.backup.take import Backup, look_through
from majorops.cli.errors import report_errors
from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.text import count
from majorops.notifications.backups import make_backup
from majorops.operations import search_index
from majorops.operations.backups import record_restore
from majorops.signing import keys_of

OTHER_KEY = (
    "The secret key is not the one of the backup: the secrets of authenticator apps and endpoints in it "
    "cannot be opened. Set MAJOROPS_SECRET_KEY_FALLBACKS to that key, or let people set them anew."
)
EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
FROM_FILE = click.option(
    "--passphrase-file", type=EXISTING, help="A file that holds the passphrase, one line."
)
ASKED = click.option("--ask-passphrase", is_flag=True, help="Ask for the passphrase.")


def report_files(command: Callable) -> Callable:
    """Turn a file that cannot be read or written into one line on stderr, exit 1."""

    @wraps(command)
    def run(*args, **kwargs):
        try:
            return command(*args, **kwargs)
        except OSError as error:
            raise click.ClickException(f"{error.filename or 'the file'}: {error.strerror}") from None

    return run


def passphrase_of(file: Path | None, is_asked: bool, *, twice: bool) -> str:
    """The passphrase from the file, the prompt, or the setting; empty for none. Raises ClickException."""
    if file is not None:
        try:
            found = config.secret_in(str(file), "--passphrase-file")
        except config.ConfigError as problem:
            raise click.ClickException(str(problem)) from None
    elif is_asked:
        found = click.prompt("passphrase", hide_input=True, confirmation_prompt=twice, err=True)
    else:
        return current_app.config["BACKUP_PASSPHRASE"] or ""
    if twice:
        try:
            config.passphrase(found)
        except ValueError as problem:
            raise click.ClickException(f"passphrase: {problem}") from None
    return found


def passphrase_for(path: Path, file: Path | None, is_asked: bool) -> str:
    """The passphrase that opens this file; empty where it is not encrypted.

    Raises ClickException, OSError.
    """
    if not is_encrypted(path):
        return ""
    has_none = file is None and not current_app.config["BACKUP_PASSPHRASE"]
    if has_none and not is_asked and not sys.stdin.isatty():
        raise click.ClickException(f"{LOCKED} Use --passphrase-file or --ask-passphrase.")
    return passphrase_of(file, is_asked or has_none, twice=False)


@click.command("backup")
@click.argument("path", type=click.Path(path_type=Path))
@FROM_FILE
@ASKED
@with_appcontext
@report_errors
@report_files
def backup(path: Path, passphrase_file: Path | None, ask_passphrase: bool) -> None:
    """Write every row of the database into the new file PATH, at any time, also while the server runs.

    Where PATH is a folder the file is named by the time. It is encrypted where a passphrase is given, here or
    by MAJOROPS_BACKUP_PASSPHRASE. It holds no secret key: keep that one apart.
    """
    secret = passphrase_of(passphrase_file, ask_passphrase, twice=True)
    file, made = make_backup(path, clock.now(), secret)
    sealed = "encrypted" if secret else "not encrypted"
    click.echo(
        f"{file}: {made.total:,} rows in {len(made.rows)} tables, {file.stat().st_size:,} bytes, {sealed}"
    )


@click.command("verify-backup")
@click.argument("path", type=EXISTING)
@FROM_FILE
@ASKED
@with_appcontext
@report_errors
@report_files
def verify(path: Path, passphrase_file: Path | None, ask_passphrase: bool) -> None:
    """Read the backup at PATH to its end and compare every checksum; no database is touched."""
    found = look_through(path, passphrase_for(path, passphrase_file, ask_passphrase), on_head=check_schema)
    describe(found)
    click.echo("whole: every checksum is right")


def describe(found: Backup) -> None:
    """Print what a backup holds."""
    head = found.head
    click.echo(f"made: {head.at} by version {head.product}, from {head.database}, schema {head.schema}")
    for table, rows in found.rows.items():
        if rows:
            click.echo(f"  {table}: {rows:,}")
    click.echo(f"{count(found.total, 'row')} in {len(found.rows)} tables")
    if not keys_fit(head, keys_of(current_app.config)):
        click.echo(OTHER_KEY, err=True)


@click.command("restore")
@click.argument("path", type=EXISTING)
@FROM_FILE
@ASKED
@click.option("--dry-run", is_flag=True, help="Verify the file and look whether it would go; change nothing.")
@click.option(
    "--files",
    type=click.Path(file_okay=False, path_type=Path),
    help="Also put the settings (without secrets) and the logos into this new folder.",
)
@with_appcontext
@report_errors
@report_files
def restore_command(
    path: Path, passphrase_file: Path | None, ask_passphrase: bool, dry_run: bool, files: Path | None
) -> None:
    """Fill an EMPTY database, SQLite or PostgreSQL, with every row of the backup at PATH, and compare each.

    The file is verified first. It may come from an older version and from the other kind of database. Stop
    the server before. Sessions, tokens and messages that waited are as they were then.
    """
    secret = passphrase_for(path, passphrase_file, ask_passphrase)
    if dry_run:
        found = look_through(path, secret, on_head=check_schema)
        target = target_of(db.engine)
        describe(found)
        steps = "" if found.head.schema == target.newest else f", then migrated to {target.newest}"
        click.echo(f"It would be restored{steps}. Nothing was changed.")
        return
    found = restore(db.engine, path, secret, click.echo)
    rows = search_index.rebuild(actor=SYSTEM, now=clock.now())
    click.echo(f"searched again: {rows:,} rows")
    record_restore(path.name, found.head.at, actor=SYSTEM, now=clock.now())
    if files:
        write_files(path, secret, files)
        click.echo(f"settings and logos: {files}")
    describe(found)


def write_files(path: Path, secret: str, folder: Path) -> None:
    """Put what is beside the rows into a new folder. Raises OSError where something is there already."""
    folder.mkdir(mode=0o700, parents=True)

    def put(name: str, data: bytes) -> None:
        # The name alone: a file from elsewhere must not say where it goes.
        (folder / Path(name).name).write_bytes(data)

    look_through(path, secret, on_file=put)
