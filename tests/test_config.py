"""Settings: one place, clear refusals, and documents that agree with it."""

import os
from pathlib import Path

import pytest

import config

ROOT = Path(__file__).resolve().parent.parent


def load(tmp_path, **environ):
    return config.load({f"MAJOROPS_{name}": value for name, value in environ.items()}, instance=tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "DATABASE_URL",
            "mysql://x",
            "MAJOROPS_DATABASE_URL: use sqlite:///path or postgresql://user:password@host/name",
        ),
        ("SECRET_KEY", "short", "MAJOROPS_SECRET_KEY: use at least 32 characters"),
        (
            "BASE_URL",
            "status.example.org",
            "MAJOROPS_BASE_URL: use an address that begins with http:// or https://",
        ),
        ("LOCAL_LOGIN", "maybe", "MAJOROPS_LOCAL_LOGIN: use on or off"),
        (
            "SESSION_IDLE_HOURS",
            "-1",
            "MAJOROPS_SESSION_IDLE_HOURS: use a number of hours above 0 and at most 744",
        ),
        (
            "DURATION_STRICT",
            "60,30",
            "MAJOROPS_DURATION_STRICT: use two numbers of minutes, the smaller first, such as 30,60",
        ),
        (
            "DURATION_OTHER",
            "an hour",
            "MAJOROPS_DURATION_OTHER: use two numbers of minutes, the smaller first, such as 30,60",
        ),
        (
            "INTAKE_HOST",
            "https://new.example.org",
            "MAJOROPS_INTAKE_HOST: use a host name alone, such as new.example.org",
        ),
        (
            "REDIS_URL",
            "localhost:6379",
            "MAJOROPS_REDIS_URL: use an address that begins with redis:// or rediss://",
        ),
        (
            "OIDC_ROLE_MAP",
            '{"ops": "emperor"}',
            "MAJOROPS_OIDC_ROLE_MAP: map group names to one of admin, mim, responder, executive, stakeholder",
        ),
        (
            "OIDC_ROLE_MAP",
            "ops=admin",
            'MAJOROPS_OIDC_ROLE_MAP: use JSON such as {"ops-admins": "admin", "on-call": "mim"}',
        ),
        (
            "OIDC_ISSUER",
            "https://id.example.org",
            "MAJOROPS_OIDC_CLIENT_ID: needed because MAJOROPS_OIDC_ISSUER is set",
        ),
    ],
)
def test_a_value_that_cannot_be_right_stops_the_start(tmp_path, name, value, sentence):
    with pytest.raises(config.ConfigError) as stopped:
        load(tmp_path, **{name: value})
    assert str(stopped.value) == sentence


def test_the_first_of_many_is_named(tmp_path):
    with pytest.raises(config.ConfigError, match=r"^MAJOROPS_ACCENT: use a colour such as #0057b8$"):
        load(tmp_path, OIDC_ISSUER="nowhere", AI_TIMEOUT="long", ACCENT="blue")


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({}, "From the file"),
        ({"MAJOROPS_ORG_NAME": "From the environment"}, "From the environment"),
        ({"MAJOROPS_ORG_NAME": ""}, "MajorOps"),  # hides what the file says
        ({"ORG_NAME": "No prefix", "majorops_org_name": "Lower case"}, "From the file"),
    ],
)
def test_the_environment_wins_over_the_file(tmp_path, monkeypatch, environment, name):
    for taken in [taken for taken in os.environ if taken.startswith(config.PREFIX)]:
        monkeypatch.delenv(taken)
    for given, value in environment.items():
        monkeypatch.setenv(given, value)
    file = tmp_path / ".env"
    file.write_text("MAJOROPS_ORG_NAME=From the file\nMAJOROPS_LOGO=\nACCENT=red\nMAJOROPS_UNKNOWN=x\n")
    monkeypatch.setitem(config.Settings.model_config, "env_file", file)
    settings = dict(config.load(instance=tmp_path))
    assert [settings[key] for key in ("ORG_NAME", "LOGO", "ACCENT")] == [name, None, None]
    assert config.load({}, instance=tmp_path).ORG_NAME == "MajorOps"


def test_a_secret_is_read_from_its_file(tmp_path):
    file = tmp_path / "key"
    file.write_text("k" * 40 + "\n")
    assert load(tmp_path, SECRET_KEY_FILE=str(file)).SECRET_KEY == "k" * 40
    with pytest.raises(
        config.ConfigError, match=r"^MAJOROPS_SECRET_KEY_FILE: not beside MAJOROPS_SECRET_KEY$"
    ):
        load(tmp_path, SECRET_KEY_FILE=str(file), SECRET_KEY="s" * 40)
    with pytest.raises(config.ConfigError, match=r"^MAJOROPS_SMTP_URL_FILE: there is no such file to read$"):
        load(tmp_path, SMTP_URL_FILE=str(tmp_path / "nowhere"))
    file.write_text("short")
    with pytest.raises(config.ConfigError, match=r"^MAJOROPS_SECRET_KEY: use at least 32 characters$"):
        load(tmp_path, SECRET_KEY_FILE=str(file))
    assert load(tmp_path, ORG_NAME_FILE=str(file)).ORG_NAME == "MajorOps"


@pytest.mark.parametrize("key", ["x", "A" * 43, "_" * 43, "?" * 43])
def test_a_push_key_that_is_none_is_refused(tmp_path, key):
    with pytest.raises(config.ConfigError, match="MAJOROPS_VAPID_PRIVATE_KEY: use the 43 characters"):
        load(tmp_path, VAPID_PRIVATE_KEY=key)


def test_nobody_could_sign_in(tmp_path):
    with pytest.raises(config.ConfigError, match="nobody could sign in"):
        load(tmp_path, LOCAL_LOGIN="off")


def test_the_secret_key_is_made_once_and_kept(tmp_path):
    first = load(tmp_path)
    assert len(first.SECRET_KEY) >= 32
    assert load(tmp_path).SECRET_KEY == first.SECRET_KEY
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_postgres_addresses_of_either_spelling(tmp_path):
    for spelling in ("postgres://u@h/d", "postgresql://u@h/d"):
        assert load(tmp_path, DATABASE_URL=spelling).DATABASE_URL == "postgresql+psycopg://u@h/d"


def test_every_setting_is_documented():
    example, table = ((ROOT / document).read_text() for document in (".env.example", "README.md"))
    for name, setting in config.Settings.model_fields.items():
        assert f"# {setting.description}\n# {config.PREFIX}{name}=" in example, name
        assert f"| `{config.PREFIX}{name}` |" in table, name
