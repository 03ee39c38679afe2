"""The server's front, part by part."""
