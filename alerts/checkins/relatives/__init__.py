"""Relatives who ask about someone."""
