"""The database is gone altogether: clear answers for everybody, also for who is signed in,
and nothing typed is lost.
"""

from __future__ import annotations

import pytest

from majorops import create_app
from majorops.web.session import sign_in_client
from tests.conftest import SECRET


@pytest.fixture
def gone():
    return create_app(
        {
            "DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:9/none",
            "SECRET_KEY": SECRET,
            "WTF_CSRF_ENABLED": False,
        }
    )


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize("script", [False, True])
def test_a_clear_answer(gone, signed_in, script):
    client, headers = gone.test_client(), {"HX-Request": "true"} if script else {}
    if signed_in:
        sign_in_client(client, "a token that nobody can look up now")
    for path in ("/", "/incidents/1", "/admin/incidents", "/admin/incidents/1/changes"):
        answer = client.get(path, headers=headers)
        if not signed_in and path.startswith("/admin"):
            assert answer.status_code in (303, 401)
            continue
        assert answer.status_code == 503
        assert "Database does not answer" in answer.text
        assert "no-store" in answer.headers["Cache-Control"]


def test_what_was_typed_is_shown_again(gone):
    client = gone.test_client()
    sign_in_client(client, "a token that nobody can look up now")
    answer = client.post("/admin/incidents/1/notes", data={"kind": "note", "text": "said on the bridge"})
    assert answer.status_code == 503
    assert "said on the bridge" in answer.text
