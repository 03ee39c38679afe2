"""The public page when most people read it.

Against nginx from disk, while many reload it, and from publishing to every reader.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import requests

from bench.servers import one_box
from bench.table import spread, verdict
from majorops import clock, create_app
from majorops.db import db
from majorops.domain.enums import Severity
from majorops.models import Incident
from tests.conftest import SECRET
from tests.server import Person, Server, free_port

ROUNDS, SECONDS = 3, 4
LISTED, PAST = 100, 10_000
SEEN, SAVES = 20, 60
SHORT = {"ROUNDS": 1, "SECONDS": 1, "LISTED": 5, "PAST": 20, "SEEN": 2, "SAVES": 4}
READERS = 200
NGINX = """worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/log;
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; open_file_cache max=10;
  server {{ listen 127.0.0.1:{port}; root {folder}; location = / {{ try_files /page =404; }} }} }}"""


def run() -> list[dict]:
    """All rows; those that need nginx or wrk say so where these are missing."""
    with one_box() as server:
        maya = Person(server)
        paths = [maya.open(system) for system in ("payments-api", "ledger-db", "checkout-web")]
        for path in paths:
            for n in range(12):
                say(maya, path, f"Update {n}: card payments are failing for customers in the EU and the US.")
        rows = [weight(server), *against_nginx(server), visible(server, maya, paths[0])]
        rows += storm(server, maya, paths[1])
        server.stop()
        rows.append(history(server))
    return rows


def say(maya: Person, path: str, body: str) -> None:
    """Publish an update to the public. Raises AssertionError where it was not taken."""
    given = {"kind": "update", "visibility": "public", "body": body, "next_update": "20"}
    assert maya.post(f"{path}/updates", **given).status_code == 200


def weight(server: Server) -> dict:
    """Bytes over the network of the status page with its styles, and of its script."""
    page = requests.get(server.url, headers={"Accept-Encoding": "br"}, timeout=5, stream=True)
    size = len(page.raw.read(decode_content=False))
    script = re.search(r'src="(/assets/public-[^"]+)"', requests.get(server.url, timeout=5).text)[1]
    answer = requests.get(server.url + script, stream=True, timeout=5)
    scripts = len(answer.raw.read(decode_content=False))
    holds = size <= 14336 and scripts <= 5120
    return {
        "row": "/ with its CSS, 3 incidents of 12 updates",
        "bytes": size,
        "note": f"scripts {scripts} B",
        "bar": verdict(holds, "14,336 B and 5,120 B"),
    }


def pin(pid: int, core: int) -> None:
    """The process and all its threads on one core."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(thread), {core})


def wrk(port: int, connections: int = 32, seconds: float = 0) -> tuple[float, float]:
    """Load the status page with wrk. Returns answers a second and p99 in milliseconds."""
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds or SECONDS}s",
        "--latency",
        "-H",
        "Accept-Encoding: br",
        f"http://127.0.0.1:{port}/",
    ]
    out = subprocess.run(["taskset", "-c", "1", *command], capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in out, out
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", out).groups()
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])
    return rate, float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def busy(pid: int, port: int) -> tuple[float, float, float]:
    """Answers a second, p99 in ms, and answers in a second of processor time: others who use the same core
    do not change that."""
    used, began = processor_seconds(pid), time.perf_counter()
    rate, late = wrk(port)
    share = (processor_seconds(pid) - used) / (time.perf_counter() - began)
    return rate, late, rate / share


def processor_seconds(pid: int) -> float:
    """Of a process and its children, to a hundredth."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(processor_seconds(int(child)) for child in children)


def against_nginx(server: Server) -> list[dict]:
    """Medians of several rounds, taken in turns on the same core."""
    if not all(map(shutil.which, ("nginx", "wrk", "taskset"))) or os.cpu_count() < 2:
        return [
            {"row": "/ against nginx from disk", "note": "not measured: needs nginx, wrk, taskset, two cores"}
        ]
    folder, port = Path(tempfile.mkdtemp()), free_port()
    folder.chmod(0o755)
    body = requests.get(server.url, headers={"Accept-Encoding": "br"}, timeout=5, stream=True)
    (folder / "page").write_bytes(body.raw.read(decode_content=False))
    (folder / "conf").write_text(NGINX.format(folder=folder, port=port))
    nginx = subprocess.Popen(["taskset", "-c", "0", "nginx", "-c", str(folder / "conf")])
    pin(server.process.pid, 0)
    time.sleep(1)
    found = [(busy(nginx.pid, port), busy(server.process.pid, server.port)) for _ in range(ROUNDS)]
    nginx.terminate()
    nginx.wait()
    pin_free(server.process.pid)
    shutil.rmtree(folder)
    theirs = statistics.median(one[0] for one, _ in found)
    ours, late = (statistics.median(two[n] for _, two in found) for n in (0, 1))
    ratio = statistics.median(two[2] for _, two in found) / statistics.median(one[2] for one, _ in found)
    return [
        {
            "row": "/ over the server, 32 connections",
            "note": f"{ours:,.0f}/s, nginx {theirs:,.0f}/s, one core each: {ours / theirs:.2f}",
            "bar": verdict(ratio >= 0.45, f"{ratio:.2f} of nginx by processor time, at least 0.45"),
        },
        {"row": "the same, p99", "note": f"{late:.1f} ms", "bar": verdict(late < 10, "p99 under 10 ms")},
    ]


def pin_free(pid: int) -> None:
    """Undo `pin`: the process may use every core again."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(thread), range(os.cpu_count()))


def visible(server: Server, maya: Person, path: str) -> dict:
    """From the press of Post until the text is in the page, the JSON and the feeds."""
    addresses = ("/", path.removeprefix("/admin"), "/api/v2/summary.json", "/history.atom", "/history.rss")
    times = []
    for n in range(SEEN):
        text, began = f"Visible {n} of twenty.", time.perf_counter()
        say(maya, path, text)
        for address in addresses:
            while text not in requests.get(server.url + address, timeout=5).text:
                assert time.perf_counter() < began + 10, f"{address} never said it"
                time.sleep(0.005)
        times.append((time.perf_counter() - began) * 1000)
    found = spread(times)
    return {
        "row": "publish to page, JSON and feeds",
        **found,
        "bar": verdict(found["p95"] < 1000, "p95 1,000 ms"),
    }


def storm(server: Server, maya: Person, path: str) -> list[dict]:
    """Field saves while two hundred connections reload the public page as fast as they can."""
    saves(maya, path)
    idle = spread(saves(maya, path))
    if not shutil.which("wrk"):
        return [{"row": "field save in a reload storm", "note": "not measured: needs wrk"}]
    command = ["wrk", "-t1", f"-c{READERS}", "-d60s", "-H", "Accept-Encoding: br", server.url]
    readers = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    time.sleep(1)
    busy = spread(saves(maya, path))
    readers.kill()
    readers.wait()
    ratio = busy["p95"] / idle["p95"]
    return [
        {"row": "field save, idle", **idle},
        {
            "row": f"field save, {READERS} connections reload /",
            **busy,
            "bar": verdict(ratio <= 3, f"p95 {ratio:.1f} x idle, at most 3"),
        },
    ]


def saves(maya: Person, path: str, count: int = 0) -> list[float]:
    """Milliseconds of each of `count` saves of a field, one after another; 0: SAVES of them."""
    times, was = [], ""
    for n in range(count or SAVES):
        new, began = f"value {n} {time.monotonic_ns()}", time.perf_counter()
        answer = maya.post(f"{path}/fields/audience_notes", value=new, was=was or read(maya, path))
        assert answer.status_code == 200, answer.status_code
        times.append((time.perf_counter() - began) * 1000)
        was = new
    return times


def read(maya: Person, path: str) -> str:
    """What stands in that field, as its editor has it; empty for nothing."""
    found = re.search(r'data-field="audience_notes" data-was="([^"]*)"', maya.get(path).text)
    return found[1] if found else ""


def history(server: Server) -> dict:
    """What drawing the status page costs with as many past incidents as it lists, and with ten thousand."""
    app = create_app({"DATABASE_URL": server.database_url, "SECRET_KEY": SECRET})
    with app.app_context():
        add_past(range(1, LISTED + 1))
        few = drawn(app)
        add_past(range(LISTED + 1, PAST + 1))
        many = drawn(app)
        db.session.remove()
        db.engine.dispose()
    ratio = many["p50"] / few["p50"]
    note = f"p50 {few['p50']} ms with {LISTED}"
    return {
        "row": f"drawing / with {PAST:,} past incidents",
        **many,
        "note": note,
        "bar": verdict(ratio < 1.5, f"{ratio:.2f} x, less than 1.5"),
    }


def add_past(hours_ago: range) -> None:
    """Resolved incidents of half an hour each, one an hour."""
    now = clock.now()
    same = {
        "severity": Severity.LOW,
        "alarm_level": 0,
        "phase": 8,
        "status": "resolved",
        "version": 0,
        "phase_entered_at": now,
        "opened_by_name": "bench",
        "intake_source": "web",
        "is_public": True,
        "is_drill": False,
    }
    rows = []
    for hours in hours_ago:
        began = now - timedelta(hours=hours)
        times = {"detected_at": began, "opened_at": began, "resolved_at": began + timedelta(minutes=30)}
        rows.append(same | times | {"title": f"past {hours}"})
    db.session.execute(Incident.__table__.insert(), rows)
    db.session.commit()


def drawn(app) -> dict[str, float]:
    """p50, p95 and max of forty drawings of the status page, in milliseconds."""
    client, times = app.test_client(), []
    for _ in range(40):
        began = time.perf_counter()
        assert client.get("/").status_code == 200
        times.append((time.perf_counter() - began) * 1000)
    return spread(times)
