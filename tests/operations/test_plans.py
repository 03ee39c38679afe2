"""No page's cost grows with the past: the database answers from an index, with statistics and without."""

import pytest
from sqlalchemy import func, insert, select, text

from majorops import clock as majorops_clock
from majorops import create_app
from majorops.db import db
from majorops.demo.data import fill
from majorops.domain.enums import AccountRole, MaintenanceStatus, Severity
from majorops.fireground.regions import asks, timeline
from majorops.models import Incident, Maintenance, User
from majorops.operations.tokens import add_token
from tests.api.conftest import Program
from tests.conftest import SECRET, autocommit, migrated, named_database
from tests.counting import queries, statements
from tests.operations.planner import Planner, take_statistics
from tests.pages import browsers, every_page, open_page

INCIDENTS = 400


def test_statistics_of_empty_columns_do_not_make_the_fireground_read_the_whole_timeline(app, cast, clock):
    """ANALYZE of SQLite takes an index of mostly empty columns for useless:
    each entry of a page cost the whole table.
    """
    incident = cast.open(title="one", severity=Severity.LOW)
    rows = [
        {"seq": incident.version + n, "incident": incident.id, "at": f"{clock():%Y-%m-%d %H:%M:%S.%f}"}
        for n in range(1, 3000)
    ]
    db.session.execute(
        text(
            "INSERT INTO timeline_event (incident_id, seq, type, kind, title, detail, visibility, "
            "actor_name, at) "
            "VALUES (:incident, :seq, 'action', 'note.logged', 'a note', '', 'internal', 'Maya Okafor', :at)"
        ),
        rows,
    )
    db.session.commit()
    if db.engine.dialect.name == "postgresql":
        return  # its statistics know about empty columns
    db.session.execute(text("ANALYZE"))
    db.session.commit()
    with queries() as sent:
        view = cast.fireground(incident.id)
        assert timeline.build(view).entries
        assert asks.build(view).ruled_out == ()
    joined = [statement for statement in sent if "JOIN timeline_event" in statement]
    assert len(joined) == 2
    for statement in joined:
        plan = db.session.connection().exec_driver_sql(
            f"EXPLAIN QUERY PLAN {statement}", (1,) * statement.count("?")
        )
        steps = [row[3] for row in plan]
        assert not [step for step in steps if step.startswith("SCAN")], steps


# Kinds of pages that may read a growing table from end to end, and why.
ALLOWED = {
    "sort": "ordered within the newest 1,000 as soon as there are more (tests/admin/test_reading.py)",
    "export": "a file of all rows, sent as they are read",
}


@pytest.fixture(scope="module")
def years(request, tmp_path_factory):
    """An application whose database holds years of the past and the demo's incidents, with statistics."""
    if request.config.getoption("--postgres"):
        server = request.getfixturevalue("postgres")
        with autocommit(server) as connection:
            connection.execute(text("CREATE DATABASE majorops_years"))
        url = named_database(server, "majorops_years")
    else:
        url = f"sqlite:///{tmp_path_factory.mktemp('database') / 'years.db'}"
    app = create_app({"DATABASE_URL": migrated(url), "SECRET_KEY": SECRET})
    with app.app_context():
        fill(majorops_clock.now(), INCIDENTS)
        columns = [column for column in Maintenance.__table__.c if column.name != "id"]
        past = select(*columns).where(Maintenance.status == MaintenanceStatus.DONE)
        for _ in range(8):  # of two rows PostgreSQL reads both
            db.session.execute(insert(Maintenance).from_select([column.name for column in columns], past))
        db.session.commit()
        db.session.remove()
        take_statistics(db.engine)
    yield app
    with app.app_context():
        db.engine.dispose()
    app.extensions["live"].stop()


def test_no_page_reads_a_table_that_grows_from_end_to_end(years):
    """The planner is asked for every statement of every page in the URL map:
    a new page cannot be forgotten.
    """
    people = browsers(years)
    asked: dict[str, tuple] = {}
    for page in every_page(years):
        if page.kind in ALLOWED:
            continue
        with statements() as sent:
            open_page(page, *people)
        for statement, parameters in sent:
            if statement.lstrip().startswith(("SELECT", "WITH")):
                asked.setdefault(statement, (page.label, parameters))
    assert len(asked) > 100
    found = []
    with years.app_context(), db.engine.connect() as connection:
        planner = Planner(connection)
        for statement, (label, parameters) in asked.items():
            for table, said in planner.scans(statement, parameters):
                found.append(f"{label}\n  {table}: {said}\n  {statement}\n  {parameters}")
        connection.rollback()
    assert not found, "\n".join([f"{len(found)} statements", *found])


@pytest.mark.parametrize(
    "query",
    [
        "flt_system=payments-api",
        "flt_opened_by=nobody",
        "flt_mim=nobody",
        "flt_resolved_from=2036-01-01",
        "flt_resolved_until=1996-01-01",
        "flt_opened_from=2036-01-01",
    ],
)
def test_a_filter_of_incidents_that_finds_few_reads_few(years, query):
    """Not ended by a LIMIT: where hardly a row matches, nothing would end."""
    _, admin = browsers(years)
    with statements() as sent:
        assert admin.get(f"/admin/data/incidents/?{query}").status_code == 200
    counts = [one for one in sent if "count(" in one[0] and "incident" in one[0]]
    assert counts
    with years.app_context(), db.engine.connect() as connection:
        planner = Planner(connection)
        found = [said for one in counts for said in planner.scans(*one, ends=False)]
        connection.rollback()
    assert not found


@pytest.mark.parametrize(
    ("asked", "is_whole"),
    [
        ("WHERE corrects_id = 1", False),
        ("WHERE title = 'none'", True),
        ("WHERE title = 'none' ORDER BY id", True),
        ("ORDER BY id DESC LIMIT 50", False),
        ("ORDER BY detail LIMIT 50", True),
    ],
)
def test_the_planner_is_understood(years, asked, is_whole):
    with years.app_context(), db.engine.connect() as connection:
        found = Planner(connection).scans(f"SELECT * FROM timeline_event {asked}", ())
    assert bool(found) == is_whole, found


@pytest.mark.parametrize(
    "path",
    [
        "/incidents",
        "/incidents?before=300",
        "/incidents?status=active",
        "/incidents?status=monitoring",
        "/incidents?status=resolved",
        "/incidents?system=payments-api",
        "/incidents?system=payments-api&status=resolved&before=300",
        "/incidents/{number}",
        "/incidents/{number}/timeline?after=3",
        "/incidents/{number}/publications",
        "/incidents/{number}/response",
        "/systems",
    ],
)
def test_no_read_of_a_program_reads_a_table_that_grows_from_end_to_end(years, path):
    with years.app_context():
        user = db.session.scalars(select(User).filter_by(role=AccountRole.MIM).limit(1)).one()
        given = {"name": "bot", "scopes": ["incident:read"], "days": "1"}
        _, secret = add_token(user, **given, actor=user.actor, now=majorops_clock.now())
        number = db.session.scalar(select(func.max(Incident.id)))
        db.session.remove()
    program = Program(years.test_client(), secret)
    with statements() as sent:
        assert program.get(path.format(number=number)).status_code == 200
    with years.app_context(), db.engine.connect() as connection:
        planner = Planner(connection)
        found = [
            (scan, statement)
            for statement, parameters in sent
            if statement.lstrip().startswith("SELECT")
            for scan in planner.scans(statement, parameters)
        ]
        connection.rollback()
    assert found == []
