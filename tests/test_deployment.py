"""What deploys MajorOps agrees with what it is:
settings, the server's options, secrets, the proxies' files.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

import config
from majorops.realtime.live import BEAT
from majorops.web.streams import STREAM

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
UNIT = (ROOT / "deploy/majorops.service").read_text()
NGINX = (ROOT / "deploy/nginx.conf").read_text()
FILES = ["Dockerfile", "compose.yaml", "Makefile", "README.md", ".env.example", *(ROOT / "deploy").iterdir()]


@pytest.mark.parametrize("file", FILES, ids=lambda file: Path(file).name)
def test_only_settings_that_exist_are_named(file):
    named = set(re.findall(r"MAJOROPS_(?!TESTS_)[A-Z_]*[A-Z]", (ROOT / file).read_text()))
    known = {config.PREFIX + name for name in config.Settings.model_fields}
    assert named <= known | {f"{config.PREFIX}{name}_FILE" for name in config.SECRETS}


def serve_options(command: str) -> str:
    """uvicorn's arguments without where it listens."""
    return re.sub(r" --(host|port) \S+", "", command[command.index("majorops.asgi.app:app") :])


def test_every_way_to_serve_has_the_same_options():
    make = re.search(r"^SERVE := (.*)$", (ROOT / "Makefile").read_text(), re.M)[1]
    unit = re.search(r"^ExecStart=(.*)$", UNIT, re.M)[1]
    image = json.loads(re.search(r"^CMD (.*)$", DOCKERFILE, re.M)[1])
    assert serve_options(" ".join(image)) == serve_options(unit) == serve_options(make)
    assert image[0] == "uvicorn"  # no shell in between: SIGTERM must reach the server


def test_the_image_runs_as_nobody_special_and_keeps_packages_in_a_layer_of_their_own():
    steps = [line.split()[0] for line in DOCKERFILE.splitlines() if re.match(r"[A-Z]+ ", line)]
    assert steps.index("USER") < steps.index("CMD")
    assert not re.search(r"^USER (root|0)\b", DOCKERFILE, re.M)
    assert DOCKERFILE.index("pip install") < DOCKERFILE.index("COPY majorops")
    assert "gcc" not in DOCKERFILE
    assert "build-essential" not in DOCKERFILE


def ignored(path: str) -> bool:
    patterns = (ROOT / ".dockerignore").read_text().split()
    return any(fnmatch(path, p) or ("**/" in p and fnmatch(path, p.removeprefix("**/"))) for p in patterns)


def test_secrets_and_data_stay_out_of_the_image():
    for path in (".env", ".env.production", ".git", ".venv", "instance", "tests", "majorops.db", "tls.key"):
        assert ignored(path), path
    copied = [word for words in re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.M) for word in words.split()]
    for path in copied:
        assert (ROOT / path).exists(), path
        assert not ignored(path), path
    assert {"app.py", "config.py", "majorops", "migrations", "templates", "requirements.txt"} == set(copied)


def test_only_the_proxy_is_reachable():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["back"]["internal"]
    assert [name for name in ("db", "redis") if SERVICES[name]["networks"] != ["back"]] == []


@pytest.mark.parametrize("name", ["MAJOROPS_BASE_URL", "MAJOROPS_SECRET_KEY", "POSTGRES_PASSWORD"])
def test_compose_does_not_start_without_its_secrets(name):
    wanted = [value for value in COMPOSE["x-app"]["environment"].values() if f"${{{name}:?" in value]
    assert len(wanted) == 1
    assert re.fullmatch(r"\$\{\w+:\?set it in \.env to .+}", wanted[0])


def test_settings_in_compose_can_be_right(tmp_path):
    given = {
        name: value for name, value in COMPOSE["x-app"]["environment"].items() if not value.startswith("${")
    }
    settings = config.load(given | {"MAJOROPS_SECRET_KEY": "x" * 32}, instance=tmp_path)
    assert settings.DATABASE_URL == "postgresql+psycopg://majorops@db/majorops"
    assert settings.REDIS_URL == "redis://redis:6379/0"


def test_one_migration_before_every_replica():
    replicas = [service for name, service in SERVICES.items() if name.startswith("app")]
    assert len(replicas) == 2
    for replica in replicas:
        assert "command" not in replica
        assert replica["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert SERVICES["migrate"]["command"] == ["flask", "--app", "app", "db", "upgrade"]
    assert SERVICES["migrate"]["depends_on"]["db"]["condition"] == "service_healthy"


def test_caddy_knows_every_replica():
    line = re.search(r"reverse_proxy (.*) {", (ROOT / "deploy/Caddyfile").read_text())[1]
    assert line.split() == [f"{name}:8000" for name in SERVICES if name.startswith("app")]


def test_nginx_passes_streams_and_never_repeats_a_post():
    stream = re.search(r"location ~ (\S+stream\S*) {(.*?)}", NGINX, re.S)
    for path in ("/admin/incidents/7/stream", "/admin/incidents/stream"):
        assert re.match(stream[1], path)
        assert STREAM.fullmatch(path)
    assert "proxy_buffering off;" in stream[2]
    assert int(re.search(r"proxy_read_timeout (\d+)s", stream[2])[1]) > 2 * BEAT
    assert not re.search(r"^\s*proxy_next_upstream .*(non_idempotent|http_5)", NGINX, re.M)
    assert "$request_uri" not in NGINX.split("log_format")[1].split(";")[0]
    assert "$request " not in NGINX.split("log_format")[1].split(";")[0]


@pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed")
def test_nginx_takes_its_configuration(tmp_path):
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=test"]
    files = ["-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem"]
    subprocess.run(["openssl", "req", "-x509", *key, *files], check=True, capture_output=True)
    here = re.sub(r"/etc/ssl/majorops|/var/(log|cache)/nginx", str(tmp_path), NGINX)
    here = re.sub(r"listen \[::].*", "", here)
    here = re.sub(r"listen (80|443)\b", r"listen 127.0.0.1:10\1", here)
    (tmp_path / "nginx.conf").write_text(here)
    ran = subprocess.run(
        ["nginx", "-t", "-c", tmp_path / "nginx.conf", "-g", f"pid {tmp_path}/pid;"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.skipif(not shutil.which("caddy"), reason="caddy is not installed")
@pytest.mark.parametrize("intake", ["", "new.example.org"])
def test_caddy_takes_its_configuration(tmp_path, intake):
    names = {"MAJOROPS_BASE_URL": "https://majorops.example.org", "MAJOROPS_INTAKE_HOST": intake}
    ran = subprocess.run(
        [shutil.which("caddy"), "adapt", "--config", ROOT / "deploy/Caddyfile"],
        env=names | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    hosts = re.findall(r'"host":\[([^\]]*)\]', ran.stdout)
    assert ("new.example.org" in "".join(hosts)) == bool(intake)
