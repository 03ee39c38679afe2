"""The application for `flask --app app …` and for WSGI servers; the environment holds its settings."""

from majorops import create_app

app = create_app()
