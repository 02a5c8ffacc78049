"""Zones: drawn, read, checked, saved; who is inside before anything is sent."""
