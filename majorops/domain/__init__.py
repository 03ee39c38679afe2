"""The rules of incident command: pure functions and values, standard library only, time is an argument."""
