"""No page's cost grows with the past: the database answers from an index, with statistics and without."""

from sqlalchemy import text

from majorops.db import db
from majorops.domain.vocab import Severity
from tests.counting import queries


def test_statistics_of_empty_columns_do_not_make_the_fireground_read_the_whole_timeline(app, cast, clock):
    """ANALYZE of SQLite takes an index of mostly empty columns for useless: each entry of a page cost the whole table."""
    incident = cast.open(title="one", severity=Severity.LOW)
    rows = [
        {"seq": incident.version + n, "incident": incident.id, "at": f"{clock():%Y-%m-%d %H:%M:%S.%f}"}
        for n in range(1, 3000)
    ]
    db.session.execute(
        text(
            "INSERT INTO timeline_event (incident_id, seq, type, kind, title, detail, visibility, actor_name, at) "
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
        page = cast.fireground(incident.id)
        assert page.entries
        assert page.ruled_out == []
    joined = [statement for statement in sent if "JOIN timeline_event" in statement]
    assert len(joined) == 2
    for statement in joined:
        plan = db.session.connection().exec_driver_sql(
            f"EXPLAIN QUERY PLAN {statement}", (1,) * statement.count("?")
        )
        steps = [row[3] for row in plan]
        assert not [step for step in steps if step.startswith("SCAN")], steps
