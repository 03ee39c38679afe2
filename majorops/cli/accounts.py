"""The commands `users …`."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from majorops import clock
from majorops.cli.errors import report_errors
from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import AccountRole
from majorops.models import User
from majorops.operations.accounts import add_user, set_role, unlock_user
from majorops.operations.second_factor import reset_factors, seal_secrets
from majorops.web.access import role_map

users = AppGroup("users", help="Accounts: add, list, set the role, lift a pause, reset the second factor.")
OFF = "\t(switched off)"
ROLE = click.Choice([role.value for role in AccountRole])


@users.command("add")
@click.argument("email")
@click.option("--name", required=True, help="The person's name.")
@click.option("--role", required=True, type=ROLE)
@click.option("--password-stdin", is_flag=True, help="Read a password from standard input.")
@report_errors
def add(email: str, name: str, role: str, password_stdin: bool) -> None:
    """Add an account; without a password only single sign-on lets it in."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    if password_stdin and not password:
        raise click.ClickException("no password on standard input")
    user = add_user(
        email=email, name=name, role=AccountRole(role), password=password, actor=SYSTEM, now=clock.now()
    )
    click.echo(f"{user.email} {user.role.value}")


@users.command("list")
@report_errors
def show() -> None:
    """List the accounts: e-mail, role, name."""
    for user in db.session.scalars(select(User).order_by(User.email)):
        click.echo(f"{user.email}\t{user.role.value}\t{user.name}{'' if user.is_active else OFF}")


@users.command("set-role")
@click.argument("email")
@click.argument("role", type=ROLE)
@report_errors
def change_role(email: str, role: str) -> None:
    """Give an account another role."""
    user = find(email)
    set_role(user, AccountRole(role), actor=SYSTEM, now=clock.now())
    click.echo(f"{user.email} {user.role.value}")
    if role_map().roles:
        click.echo("Groups decide (MAJOROPS_OIDC_ROLE_MAP): this holds until a single sign-on.", err=True)


@users.command("unlock")
@click.argument("email")
@report_errors
def unlock(email: str) -> None:
    """Lift the pause after failed sign-ins."""
    user = find(email)
    unlock_user(user, actor=SYSTEM, now=clock.now())
    click.echo(f"{user.email} may try to sign in again")


@users.command("reset-second-factor")
@click.argument("email")
@report_errors
def reset(email: str) -> None:
    """Take passkeys, authenticator app and recovery codes from an account; its sessions end."""
    user = find(email)
    reset_factors(user, actor=SYSTEM, now=clock.now())
    click.echo(f"{user.email} signs in with the password alone")


@click.command("rotate-secrets")
@with_appcontext
@report_errors
def rotate() -> None:
    """Seal what is encrypted in the database with the newest secret key, before an old one is taken out."""
    count = seal_secrets(actor=SYSTEM, now=clock.now())
    click.echo(f"{count} sealed anew with MAJOROPS_SECRET_KEY")


def find(email: str) -> User:
    """The account with this e-mail. Raises ClickException where there is none."""
    user = db.session.scalar(select(User).filter_by(email=email.lower()))
    if user is None:
        raise click.ClickException(f"no account has the e-mail {email}")
    return user
