"""The commands `demo`, `work`, `publish`, `search-rebuild`, `measure` and `check`."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import cast

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select
from werkzeug.local import LocalProxy

import config
from majorops import clock
from majorops.cli.errors import report_errors
from majorops.db import db
from majorops.demo.data import DAYS, NotEmpty, add_history, fill, is_empty
from majorops.domain.access import SYSTEM
from majorops.domain.text import count, reference
from majorops.models import Incident
from majorops.notifications import Worker
from majorops.notifications.selftest import send_test
from majorops.operations import search_index
from majorops.operations.delivery import record_test
from majorops.operations.measured import measure_past
from majorops.publishing.files import PublicFiles
from majorops.publishing.folder import NotOurs, refusal
from majorops.realtime.invalidation import publish_messages
from majorops.storage import sqlite_file
from majorops.version import VERSION
from majorops.web.health import is_ready

MAIL_STEPS = ("DNS", "connect", "TLS", "login", "accepted")  # as notifications/mail.py says them


YEAR_OF = 120  # incidents: enough for every chart, and a page of numbers to each of them


def this_app() -> Flask:
    """The application itself, for threads: they have no current one."""
    return cast("LocalProxy[Flask]", current_app)._get_current_object()


@click.command("demo")
@click.option(
    "--history",
    type=click.IntRange(0, 1_000_000),
    metavar="N",
    help="Add N resolved incidents of the past five years; on a database that holds something, only those. "
    "Without it an empty one gets those of a year.",
)
@with_appcontext
@report_errors
def demo(history: int | None) -> None:
    """Fill an empty database with people, systems, and incidents; prints who can sign in."""
    if history and not is_empty():
        numbers = add_history(history, clock.now())
        first, last = reference(numbers[0]), reference(numbers[-1])
        click.echo(f"{count(history, 'resolved incident')} added: {first} to {last}")
        return
    try:
        past, days = (YEAR_OF, 365) if history is None else (history, DAYS)
        people, password = fill(clock.now(), past, days)
    except NotEmpty as problem:
        raise click.ClickException(str(problem)) from None
    # What was said in the days before: due at once, it would be late in the first seconds of the server.
    Worker(this_app(), on_delivery=publish_messages).drain()
    for email, role in people:
        click.echo(f"{email}\t{role}")
    click.echo(f"password of all: {password}")


@click.command("work")
@with_appcontext
@report_errors
def work() -> None:
    """Deliver messages and remind, until stopped. Any number of these may run, beside servers or alone."""
    worker = Worker(this_app(), on_delivery=publish_messages)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.end())
    click.echo("worker: running")
    worker.run()
    worker.stop()


@click.command("publish")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@with_appcontext
@report_errors
def publish(folder: Path) -> None:
    """Write the public pages as files into FOLDER: every incident, complete with styles,
    for any web server or bucket.

    FOLDER is new, empty, or was written by this before; in any other nothing is touched.
    """
    app = this_app()
    if app.config["STATUS_PRIVATE"]:
        raise click.ClickException(
            "MAJOROPS_STATUS_PRIVATE is on: the public pages are for people who sign in"
        )
    try:
        written = PublicFiles(app, app.extensions["snapshots"], folder).write_all()
    except NotOurs as problem:
        raise click.ClickException(str(problem)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or folder}: {error.strerror}") from None
    click.echo(f"{written} files in {folder}")


@click.command("search-rebuild")
@with_appcontext
@report_errors
def search_rebuild() -> None:
    """Make the full text of what people search anew, from what is stored."""
    rows = search_index.rebuild(actor=SYSTEM, now=clock.now())
    click.echo(f"{rows:,} rows are searched")


@click.command("measure")
@with_appcontext
@report_errors
def measure() -> None:
    """Measure the resolved incidents of the past; may be interrupted and started again."""
    last, before = db.session.scalar(select(func.max(Incident.id))) or 0, None
    while (before := measure_past(before, actor=SYSTEM, now=clock.now())) is not None:
        click.echo(f"{last - before:,} of {last:,} looked at")
    click.echo(f"{last:,} incidents looked at, all resolved ones are measured")


@click.command("check")
@click.option("--send-test", "address", metavar="EMAIL", help="Also send a test message to this address.")
@with_appcontext
@report_errors
def check(address: str | None) -> None:
    """Check every setting, the folders and the database, and send a test message.

    Exit 0 when the server could run, every name is a setting's, and the mail server took the message.
    """
    click.echo(f"version: {VERSION}")
    for line in listed_settings():
        click.echo(line)
    settings = current_app.config
    ways = (
        ("local", settings["LOCAL_LOGIN"]),
        ("single sign-on", settings["OIDC_ISSUER"]),
        ("Cloudflare Access", settings["CF_ACCESS_TEAM"]),
        ("a proxy's assertion", settings["PROXY_JWT_HEADER"]),
    )
    click.echo(f"database: {settings['DATABASE_URL'].split(':')[0]}")
    click.echo(f"sign-in: {', '.join(way for way, on in ways if on)}")
    problems = setting_problems()
    is_well, why = is_ready()
    problems += [] if is_well else [why]
    if is_well:
        click.echo("migrations: complete")
    if address and is_well:
        problems += send_and_say(address)
    if problems:
        raise click.ClickException("\n       ".join(problems))


def send_and_say(address: str) -> list[str]:
    """Send a test to this address, a line for each step; why it did not arrive, if it did not."""
    click.echo(f"mail: a test to {address}")
    done: list[str] = []

    def say(step: str) -> None:
        done.append(step)
        click.echo(f"  {step}")

    problem = send_test(address, current_app.config, say=say)
    record_test(address, problem, actor=SYSTEM, now=clock.now())
    if problem:
        at = f" It ended at: {MAIL_STEPS[len(done)]}." if current_app.config["SMTP_URL"] else ""
        return [f"the test to {address} did not arrive.{at} {problem}"]
    click.echo(f"mail: the server took the test to {address}")
    return []


def listed_settings() -> list[str]:
    """One line for each setting: its name, its value unless that is secret, and whether it is the default."""
    states = current_app.extensions["setting_states"]
    names = config.Settings.model_fields
    return [
        f"{config.PREFIX}{name}: "
        + config.shown(name, current_app.config[name], states.get(name, config.DEFAULT))
        for name in names
    ]


def setting_problems() -> list[str]:
    """What is wrong with the settings though the server starts: odd names, folders that cannot be written."""
    found = config.unknown_in_words(current_app.extensions["unknown_settings"])
    if folder := current_app.config["PUBLIC_DIR"]:
        why = refusal(Path(folder)) or config.folder_problem(Path(folder))
        found += [f"MAJOROPS_PUBLIC_DIR: {why}"] if why else []
    backups = current_app.config["BACKUP_DIR"]
    if backups and (why := config.folder_problem(Path(backups))):
        found.append(f"MAJOROPS_BACKUP_DIR: {why}")
    file = sqlite_file(current_app.config["DATABASE_URL"])
    if file and (why := config.folder_problem(file.parent)):
        found.append(f"MAJOROPS_DATABASE_URL: {why}")
    return found
