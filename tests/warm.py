"""One server for all browser tests of a worker: made once, forked for each of them.

The fork server of `tests/server.py` imports this module. What a server does for the first time (an
application, templates, statements, routes) is done here, before there is a thread or an open
connection. A fork of it answers at once and remembers nothing of the test before it.
"""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import tempfile
from pathlib import Path

from tests import quick

FOLDER, MAIL = "MAJOROPS_TESTS_FOLDER", "MAJOROPS_TESTS_MAIL"
PAGES = ("/new", "/admin/incidents", "/admin/incidents/1", "/admin/incidents/1/fields/title", "/")

# As PUBLIC_AT_ONCE of conftest.py: what an incident opens as is public at once.
PUBLIC_AT_ONCE = {
    "MAJOROPS_PUBLIC_BOXES": "0,1,2,3",
    "MAJOROPS_PUBLIC_HOLD": "0",
    "MAJOROPS_PUBLIC_TITLE": "{title}",
}
given: dict[str, str] = {}  # the settings of the server that is made here; empty in the tests' own process


def offer(secret: str, mail: str) -> dict[str, str]:
    """Say what the server is to be made with, before the fork server starts.

    Returns its settings: they name a database that each test fills anew.
    """
    if FOLDER not in os.environ:
        os.environ |= {FOLDER: tempfile.mkdtemp(prefix="majorops-tests-"), MAIL: mail}
        atexit.register(shutil.rmtree, os.environ[FOLDER], ignore_errors=True)
    return {
        "MAJOROPS_DATABASE_URL": f"sqlite:///{Path(os.environ[FOLDER]) / 'majorops.db'}",
        "MAJOROPS_SECRET_KEY": secret,
        "MAJOROPS_SMTP_URL": os.environ[MAIL],
        **PUBLIC_AT_ONCE,
    }


def make() -> None:
    """Make the server and open each page once, over a database that is thrown away."""
    from tests.conftest import SECRET, migrated
    from tests.server import fill, open_incident

    quick.hurry()
    given.update(offer(SECRET, ""))
    os.environ |= given
    url = given["MAJOROPS_DATABASE_URL"]
    cookies = fill(migrated(url))
    open_incident(url)
    from majorops.asgi import app as server
    from majorops.db import db

    quick.keep_templates(server.flask_app)
    client = server.flask_app.test_client()
    client.set_cookie("majorops", cookies["maya"][0])
    for page in PAGES:
        if (answer := client.get(page)).status_code != 200:
            raise RuntimeError(f"{page}: {answer.status}")
    with server.flask_app.app_context():
        db.engine.dispose()
    gc.collect()
    gc.freeze()  # or each fork would look through all of it at its start


if FOLDER in os.environ:
    make()
