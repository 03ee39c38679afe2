"""Pages by the API."""

from __future__ import annotations

from majorops.domain.enums import CommandRole
from majorops.operations.command import holder


def test_a_program_pages_reads_and_is_on_it(cast, clock, program, maya):
    incident = cast.open()
    path = f"/incidents/{incident.id}/pages"
    nobody = maya.post(path, {"role": "sre"})
    assert (nobody.status_code, nobody.json["errors"][0]["field"]) == (422, "whom")
    made = maya.post(path, {"role": "sre", "whom": "rita@example.org"})
    assert (made.status_code, made.json["whom"], made.json["call"]) == (201, "Rita Moreau", 1)
    assert maya.post(path, {"role": "sre", "whom": "rita@example.org"}).status_code == 409
    one = f"{path}/{made.json['id']}"
    assert maya.get(one).json == maya.get(path).json["pages"][0]
    clock.tick(seconds=42)
    rita = program("rita")
    assert rita.post(path, {"role": "leader", "whom": "omar@example.org"}).status_code == 403
    assert rita.post(f"{one}/answer").status_code == 200
    assert holder(incident, CommandRole.SRE) is None  # programs assign nothing
    again = program("omar").post(f"{one}/answer")
    assert (again.status_code, "is on it since" in again.text) == (409, True)
    assert maya.get(one).json["answered_by"] == "Rita Moreau"
    second = maya.post(path, {"role": "leader", "whom": "omar@example.org"}).json["id"]
    assert maya.post(f"{path}/{second}/end").status_code == 200
    assert [page["ended_at"] is None for page in maya.get(path).json["pages"]] == [False, False]


def test_a_page_belongs_to_its_incident(cast, maya):
    first, second = cast.open(), cast.open()
    made = maya.post(f"/incidents/{first.id}/pages", {"role": "sre", "whom": "rita@example.org"}).json["id"]
    assert maya.get(f"/incidents/{second.id}/pages/{made}").status_code == 404
    assert maya.get(f"/incidents/{first.id}/pages/999").status_code == 404
    assert maya.post(f"/incidents/{second.id}/pages/{made}/answer").status_code == 422
