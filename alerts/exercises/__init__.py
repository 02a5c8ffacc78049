"""Rehearsals: the simulated provider and people, the demo, its figures."""
