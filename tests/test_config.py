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
            "STATUS_HOST",
            "status.example.org:8443",
            "MAJOROPS_STATUS_HOST: use a host name without a port, such as new.example.org: "
            "it holds at every port",
        ),
        (
            "INTAKE_HOST",
            "new_.exa mple.org",
            "MAJOROPS_INTAKE_HOST: use a host name alone, such as new.example.org",
        ),
        (
            "PUBLIC_DIR",
            "/",
            "MAJOROPS_PUBLIC_DIR: / is no folder for public files: use an empty one of its own",
        ),
        ("BACKUP_DIR", "Makefile", "MAJOROPS_BACKUP_DIR: use a folder"),
        ("BACKUP_KEEP", "0", "MAJOROPS_BACKUP_KEEP: use a number from 1 to 1000"),
        ("BACKUP_PASSPHRASE", "short", "MAJOROPS_BACKUP_PASSPHRASE: use at least 12 characters"),
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


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"STATUS_HOST": "a.example.org", "INTAKE_HOST": "a.example.org"}, "use two hosts"),
        ({"BASE_URL": "https://a.example.org:8443", "STATUS_HOST": "a.example.org"}, "use another host than"),
        ({"BASE_URL": "https://a.example.org", "INTAKE_HOST": "a.example.org"}, "use another host than"),
        ({"STATUS_HOST": "a.example.org", "STATUS_PRIVATE": "on"}, "nobody can sign in on that host"),
        ({"OIDC_CLIENT_ID": "us"}, "MAJOROPS_OIDC_ISSUER: needed"),
        ({"PROXY_JWT_ISSUER": "us"}, "MAJOROPS_PROXY_JWT_HEADER: needed"),
        ({"SESSION_IDLE_HOURS": "80"}, "not above MAJOROPS_SESSION_MAX_HOURS, which is 72"),
    ],
)
def test_settings_that_contradict_each_other(tmp_path, given, says):
    with pytest.raises(config.ConfigError, match=says):
        load(tmp_path, **given)


@pytest.mark.parametrize("below", ["", "backups"])
def test_backups_are_not_kept_where_anybody_reads(tmp_path, below):
    public = tmp_path / "public"
    public.mkdir()
    with pytest.raises(config.ConfigError, match="MAJOROPS_BACKUP_DIR: not below"):
        load(tmp_path, PUBLIC_DIR=str(public), BACKUP_DIR=str(public / below))


RIGHT = {
    "DATABASE_URL": "postgresql://u:secret@h/d",
    "REDIS_URL": "redis://u:secret@h",
    "SMTP_URL": "smtp://u:secret@h",
    "VAPID_PRIVATE_KEY": "secret_" + "A" * 35 + "E",
}


@pytest.mark.parametrize("name", sorted(config.SECRETS))
class TestASecretFromAFile:
    """Every setting that is never shown."""

    def test_is_read_without_the_line_end(self, tmp_path, name):
        value = RIGHT.get(name, "secret" * 8)
        (tmp_path / "file").write_text(f"{value}\n")
        given = {"AI_MODEL": "m"} if name == "AI_API_KEY" else {}
        given |= {"OIDC_ISSUER": "https://i", "OIDC_CLIENT_ID": "us"} if name == "OIDC_CLIENT_SECRET" else {}
        settings = load(tmp_path, **{f"{name}_FILE": str(tmp_path / "file")}, **given)
        read = getattr(settings, name)
        read = read[0] if isinstance(read, tuple) else read
        assert read.replace("+psycopg", "") == value
        assert settings.states[name] == config.FROM_FILE
        assert settings.unknown == ()
        assert config.shown(name, value, config.FROM_FILE) == "from file"
        assert value not in repr(settings)

    def test_is_given_once(self, tmp_path, name):
        with pytest.raises(config.ConfigError) as stopped:
            load(tmp_path, **{name: "x", f"{name}_FILE": "/x"})
        assert str(stopped.value) == f"MAJOROPS_{name}, MAJOROPS_{name}_FILE: set one of the two"

    @pytest.mark.parametrize(
        ("content", "says"),
        [(None, "cannot be read: No such file"), (b"", "one line"), (b"\xff", "is no text")],
    )
    def test_says_what_is_wrong_with_the_file(self, tmp_path, name, content, says):
        file = tmp_path / "file"
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(config.ConfigError, match=f"^MAJOROPS_{name}_FILE: {file} .*{says}"):
            load(tmp_path, **{f"{name}_FILE": str(file)})


def test_a_value_in_a_file_is_checked_and_never_said(tmp_path):
    (tmp_path / "file").write_text("hunter2")
    with pytest.raises(config.ConfigError, match=r"^MAJOROPS_SECRET_KEY_FILE: use at least 32 characters$"):
        load(tmp_path, SECRET_KEY_FILE=str(tmp_path / "file"))


def test_names_that_are_no_setting(tmp_path):
    settings = config.load(
        {
            "MAJOROPS_SMPT_URL": "x",
            "majorops_org_name": "x",
            "MAJOROPS_TESTS_X": "x",
            "MAJOROPS_ACCENT_FILE": "x",
        },
        instance=tmp_path,
    )
    assert config.unknown_in_words(settings.unknown) == [
        "MAJOROPS_ACCENT_FILE: no setting has this name. Do you mean MAJOROPS_ACCENT?",
        "MAJOROPS_SMPT_URL: no setting has this name. Do you mean MAJOROPS_SMTP_URL?",
        "majorops_org_name: no setting has this name. Do you mean MAJOROPS_ORG_NAME?",
    ]


@pytest.mark.parametrize(
    ("name", "value", "state", "said"),
    [
        ("SMTP_URL", "smtp://u:p@h", config.SET, "set"),
        ("SECRET_KEY", "x" * 40, config.DEFAULT, "default"),
        ("SMTP_URL", None, config.DEFAULT, "not set"),
        ("ROBOTS", True, config.DEFAULT, "on (default)"),
        ("LOGO", None, config.DEFAULT, "- (default)"),
        ("SESSION_IDLE_HOURS", 12.0, config.DEFAULT, "12 (default)"),
        ("DURATION_STRICT", (30, 60), config.SET, "30,60"),
        ("AI_BASE_URL", "https://me:secret@ai.example.org/v1", config.SET, "https://…@ai.example.org/v1"),
        ("OIDC_ROLE_MAP", {"ops": "mim"}, config.SET, '{"ops": "mim"}'),
    ],
)
def test_how_a_setting_is_shown(name, value, state, said):
    assert config.shown(name, value, state) == said


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    assert config.folder_problem(tmp_path / "new/folder") == ""
    monkeypatch.setattr(config.os, "access", lambda path, mode: False)
    assert config.folder_problem(tmp_path / "new/folder") == f"{tmp_path} cannot be written"


def test_an_instance_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(config.ConfigError, match=r"^MAJOROPS_SECRET_KEY: not set, and .*: Not a directory$"):
        config.load({}, instance=tmp_path / "file/instance")
    (tmp_path / "secret_key").write_text("")
    with pytest.raises(config.ConfigError, match=r"holds none: remove that file$"):
        config.load({}, instance=tmp_path)


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
    assert ("MAJOROPS_UNKNOWN", "") in config.load(instance=tmp_path).unknown


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
