"""Who one is here: name, e-mail address, role."""

from __future__ import annotations

from flask import render_template

from majorops.account.blueprint import bp
from majorops.web.access import signed_in


@bp.get("")
@signed_in
def show() -> str:
    """Draw what the account says of the person who asks."""
    return render_template("account/you.html")
