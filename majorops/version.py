"""The version: the newest heading of CHANGELOG.md."""

VERSION = "0.1.0"
