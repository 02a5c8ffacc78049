"""One transport a provider, each behind the interface in base.py."""
