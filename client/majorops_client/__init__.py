"""The command line for the laptop: the REST API of a MajorOps server, and nothing of the server's code."""

__version__ = "0.1.0"
