"""Signing in, confirming again, one's own account and the sessions it has open."""
