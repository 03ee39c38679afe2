"""Debian's Alertmanager and its amtool, as they are, beside the real server."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from datetime import timedelta

import pytest
import requests

from majorops import clock
from majorops.domain.access import SYSTEM
from majorops.domain.enums import RuleAction, Severity, SourceKind
from majorops.operations.alert_rules import Planned, add_rule
from majorops.operations.alert_sources import add_source
from tests.server import Person, free_port, in_database
from tests.waiting import LIMIT, wait_for

CONFIG = """
route:
  receiver: majorops
  group_by: [alertname]
  group_wait: 100ms
  group_interval: 1s
receivers:
  - name: majorops
    webhook_configs:
      - url: {url}
        send_resolved: true
        http_config:
          authorization:
            credentials: {secret}
"""
pytestmark = pytest.mark.skipif(not shutil.which("amtool"), reason="Alertmanager is not installed")


@pytest.fixture
def send(server, tmp_path):
    """`send(name, label, …)`: an alert by amtool, to an Alertmanager that sends to our server."""
    with in_database(server.database_url):
        row, secret = add_source(name="amtool", kind=SourceKind.ALERTMANAGER, actor=SYSTEM, now=clock.now())
        path = row.path
        add_rule(
            Planned("Pages", "severity=page", action=RuleAction.OPEN, severity=Severity.HIGH),
            actor=SYSTEM,
            now=clock.now(),
        )
    config = tmp_path / "alertmanager.yml"
    config.write_text(CONFIG.format(url=server.url + path, secret=secret))
    address = f"127.0.0.1:{free_port()}"
    given = [f"--config.file={config}", f"--storage.path={tmp_path}", f"--web.listen-address={address}"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            ["prometheus-alertmanager", *given, "--cluster.listen-address="], stdout=log, stderr=log
        )
    wait_for(lambda: _is_ready(address), "an Alertmanager that is ready")
    amtool = ["amtool", f"--alertmanager.url=http://{address}", "alert", "add"]
    yield lambda *labels: subprocess.run([*amtool, *labels], check=True, timeout=LIMIT)
    process.terminate()
    process.wait(timeout=LIMIT)


def _is_ready(address: str) -> bool:
    with suppress(requests.ConnectionError):
        return requests.get(f"http://{address}/-/ready", timeout=5).ok
    return False


def test_an_alert_of_amtool_stands_at_alerts_opens_by_rule_and_clears(server, send):
    maya, labels = Person(server), ("PoolExhausted", "service=payments-api", "severity=page")
    began = f"--start={clock.now() - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    send(*labels, "--annotation=summary=Pool exhausted", began)
    for page in ("/admin/alerts", "/admin/incidents"):
        wait_for(lambda page=page: "Pool exhausted" in maya.get(page).text, f"the alert at {page}")
    incident = "/admin/incidents/1"
    assert "1 of 1 alert fires" in maya.get(incident).text
    send(*labels, began, f"--end={clock.now():%Y-%m-%dT%H:%M:%SZ}")
    wait_for(lambda: "all cleared" in maya.get(incident).text, "the end of the alert")
