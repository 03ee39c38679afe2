"""The parts of the server's front (`majorops/asgi/app.py`).

Who gets which threads, the bridge to Flask, HTTP itself.
"""
