"""Stays by the million: loaded, indexed, matched with a shape, explained."""
