"""The commands `tokens …`."""

from __future__ import annotations

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from majorops import clock
from majorops.cli.accounts import find
from majorops.cli.errors import report_errors
from majorops.db import db
from majorops.domain.access import SYSTEM, Permission
from majorops.models import ApiToken
from majorops.operations.tokens import add_token, revoke_token

tokens = AppGroup("tokens", help="Tokens by which programs act for an account: add, list, revoke.")
SCOPE = click.Choice([permission.value for permission in Permission])


@tokens.command("add")
@click.option("--name", required=True, help="What uses it.")
@click.option("--user", "email", required=True, metavar="EMAIL", help="The account that it acts for.")
@click.option("--scope", "scopes", required=True, multiple=True, type=SCOPE, help="What it may do; several.")
@click.option("--system", default="", help="The only system whose incidents it sees.")
@click.option("--days", default="", help="Days until it expires; without it, never.")
@report_errors
def add(name: str, email: str, scopes: tuple[str, ...], system: str, days: str) -> None:
    """Make a token and print it, this once."""
    limits = {"system": system, "days": days}
    _, secret = add_token(find(email), name=name, scopes=scopes, **limits, actor=SYSTEM, now=clock.now())
    click.echo(secret)


@tokens.command("list")
@report_errors
def show() -> None:
    """List the tokens that are not revoked: number, account, name, scopes."""
    alive = select(ApiToken).filter_by(revoked_at=None).options(joinedload(ApiToken.user))
    for row in db.session.scalars(alive.order_by(ApiToken.id)):
        click.echo(f"{row.id}\t{row.user.email}\t{row.name}\t{row.scopes}")


@tokens.command("revoke")
@click.argument("number", type=int)
@report_errors
def revoke(number: int) -> None:
    """Revoke the token of this number (see `list`)."""
    row = db.session.get(ApiToken, number) if number < 2**31 else None
    if row is None:
        raise click.ClickException(f"no token has the number {number}")
    revoke_token(row, actor=SYSTEM, now=clock.now())
    click.echo(f"{row.name} is revoked")
