"""nginx and Caddy as we ship them, with nothing behind: what still works, and what says that it does not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import requests

from majorops.publishing.files import PublicFiles
from tests.server import free_port
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.machine_clock


@pytest.fixture
def raft(app, cast, tmp_path) -> Path:
    """The public pages of one incident, as files."""
    cast.open()
    files = PublicFiles(app, app.extensions["snapshots"], tmp_path / "raft")
    files.write_all()
    return files.folder


def nginx(raft: Path, folder: Path, port: int) -> list:
    """Its command, with our file: other paths and ports, and plain HTTP."""
    text = (ROOT / "deploy/nginx.conf").read_text()
    text = re.sub(r"server \{\s+listen 80;.*?\n    }\n", "", text, count=1, flags=re.S)
    text = re.sub(r"listen \[::].*|ssl_\w+ .*", "", text)
    text = text.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{port};")
    text = re.sub(r"127\.0\.0\.1:800\d", f"127.0.0.1:{free_port()}", text)
    text = text.replace("/var/lib/majorops/public", str(raft))
    text = re.sub(r"/var/(log|cache)/nginx", str(folder), text)
    for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        text = text.replace("server_tokens off;", f"server_tokens off; {name}_temp_path {folder}/{name};", 1)
    (folder / "nginx.conf").write_text(text)
    as_root = "user root; " if os.geteuid() == 0 else ""
    more = f"{as_root}daemon off; pid {folder}/pid; error_log stderr crit;"
    return [shutil.which("nginx"), "-c", folder / "nginx.conf", "-g", more]


def caddy(raft: Path, folder: Path, port: int) -> list:
    """The same with Caddy."""
    text = (ROOT / "deploy/Caddyfile").read_text()
    text = text.replace("/srv/public", str(raft)).replace("{\n\tservers", "{\n\tadmin off\n\tservers", 1)
    text = text.replace("app1:8000 app2:8000", f"127.0.0.1:{free_port()}")
    text = text.replace("lb_try_duration 5s", "lb_try_duration 0s")
    text = re.sub(r"^\{\$MAJOROPS_BASE_URL\}.*\{$", f"http://127.0.0.1:{port} {{", text, flags=re.M)
    (folder / "Caddyfile").write_text(text)
    return [shutil.which("caddy"), "run", "--adapter", "caddyfile", "--config", folder / "Caddyfile"]


def is_up(process: subprocess.Popen, port: int) -> bool:
    assert process.poll() is None, process.communicate()
    try:
        return bool(requests.head(f"http://127.0.0.1:{port}/", timeout=10))
    except requests.ConnectionError:
        return False


@pytest.fixture(params=[nginx, caddy], ids=lambda command: command.__name__)
def proxy(request, raft, tmp_path):
    """The address of a web server with our file, and nothing behind it."""
    name = request.param.__name__
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    folder, port = tmp_path / name, free_port()
    folder.mkdir()
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    process = subprocess.Popen(
        request.param(raft, folder, port), env=os.environ | {"HOME": str(folder)}, **pipes
    )
    wait_for(lambda: is_up(process, port), name)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.communicate(timeout=30)


def test_what_works_and_what_says_that_it_does_not(proxy):
    def ask(path, method="GET", **headers):
        answer = requests.request(method, proxy + path, headers=headers, timeout=30)
        answer.encoding = "utf-8"
        return answer

    pages = {
        "/": "text/html",
        "/de/": "text/html",
        "/incidents/1": "text/html",
        "/history": "text/html",
        "/status.txt": "text/plain",
        "/history.atom": "application/atom+xml",
        "/api/v2/summary.json": "application/json",
    }
    for path, kind in pages.items():
        answer = ask(path)
        assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (200, kind), path
        assert len(answer.raw._original_response.headers.get_all("Date")) == 1
    for path in ("/login", "/new", "/subscribe", "/admin/incidents", "/incidents/999", "/healthz"):
        answer = ask(path)
        assert answer.status_code == 503, path
        assert '<html lang="en">' in answer.text, path
        assert "What still works" in answer.text
        assert (answer.headers["Retry-After"], answer.headers["Cache-Control"]) == ("30", "no-store")
        assert len(answer.raw._original_response.headers.get_all("Date")) == 1
    for path, language in (("/de/subscribe", "en"), ("/login", "de-AT,de;q=0.9,en;q=0.8")):
        answer = ask(path, **{"Accept-Language": language})
        assert answer.status_code == 503
        assert '<html lang="de">' in answer.text, path
    for method in ("POST", "PUT", "DELETE"):
        for path in ("/new", "/"):
            answer = ask(path, method)
            assert answer.status_code == 503, (method, path)
            assert "it may not have been saved" in answer.text
    assert ask("/login", "HEAD").status_code == 503
