"""Measurements: no tests, nothing fails here; each prints its figures and a last line of JSON."""
