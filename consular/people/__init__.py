"""Registrations, persons, contacts and stays: who is where."""
