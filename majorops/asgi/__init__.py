"""The parts of the server's front (`majorops/front.py`): who gets which threads, the bridge to Flask, HTTP
itself."""
