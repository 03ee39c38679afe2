"""Data to try the product out with: people, services, two live incidents (`flask demo`),
and a past in bulk (`--history`).
"""
