"""Repeatable measurements, each beside its peer in the same run."""
