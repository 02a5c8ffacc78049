"""Accounts, roles and missions, as administrators keep them; the duty rota."""
