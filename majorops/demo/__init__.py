"""Data to try the product out with (`flask demo`).

People, services, two live incidents, and a past in bulk (`--history`).
"""
