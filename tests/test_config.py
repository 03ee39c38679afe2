"""Settings: one place, clear refusals, and documents that agree with it."""

from pathlib import Path

import pytest

import config

ROOT = Path(__file__).resolve().parent.parent


def load(tmp_path, **environ):
    return config.load({f"MAJOROPS_{name}": value for name, value in environ.items()}, instance=tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://x"),
        ("SECRET_KEY", "short"),
        ("BASE_URL", "status.example.org"),
        ("LOCAL_LOGIN", "maybe"),
        ("SESSION_IDLE_HOURS", "-1"),
        ("DURATION_STRICT", "60,30"),
        ("DURATION_OTHER", "an hour"),
        ("INTAKE_HOST", "https://new.example.org"),
        ("REDIS_URL", "localhost:6379"),
        ("OIDC_ROLE_MAP", '{"ops": "emperor"}'),
        ("OIDC_ISSUER", "https://id.example.org"),
    ],
)
def test_a_value_that_cannot_be_right_stops_the_start(tmp_path, name, value):
    with pytest.raises(config.ConfigError) as stopped:
        load(tmp_path, **{name: value})
    assert "MAJOROPS_" in str(stopped.value)
    assert "\n" not in str(stopped.value)


def test_nobody_could_sign_in(tmp_path):
    with pytest.raises(config.ConfigError, match="nobody could sign in"):
        load(tmp_path, LOCAL_LOGIN="off")


def test_the_secret_key_is_made_once_and_kept(tmp_path):
    first = load(tmp_path)["SECRET_KEY"]
    assert len(first) >= 32
    assert load(tmp_path)["SECRET_KEY"] == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_postgres_addresses_of_either_spelling(tmp_path):
    for spelling in ("postgres://u@h/d", "postgresql://u@h/d"):
        assert load(tmp_path, DATABASE_URL=spelling)["DATABASE_URL"] == "postgresql+psycopg://u@h/d"


@pytest.mark.parametrize("document", [".env.example", "README.md"])
def test_every_setting_is_documented(document):
    text = (ROOT / document).read_text()
    for setting in config.SETTINGS:
        assert setting.env in text, setting.env
