"""One line instead of a traceback for everything that may go wrong at the command line."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import click
from sqlalchemy.exc import DBAPIError

from majorops.domain.errors import Refused


def report_errors(command: Callable) -> Callable:
    """Turn refusals of the rules and a database that does not answer into one line on stderr, exit 1."""

    @wraps(command)
    def run(*args, **kwargs):
        try:
            return command(*args, **kwargs)
        except Refused as problem:
            raise click.ClickException(str(problem)) from None
        except DBAPIError as error:
            reason = str(error.orig).splitlines()[0]
            raise click.ClickException(
                f"database: {reason}. Is it migrated? flask --app app db upgrade"
            ) from None

    return run
