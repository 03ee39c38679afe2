"""Backups: every row of the database in one file that either database restores.

The file is a gzipped tar that is written and read from one end to the other, so that memory does not grow
with the record: `head.json` (which version and schema), `files/…` (settings without secrets, logos),
`rows/<table>/<part>.jsonl` (a JSON list a row), and last `manifest.json` (rows and SHA-256 of each table).
"""
