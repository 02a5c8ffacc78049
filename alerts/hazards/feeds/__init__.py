"""One parser a format: bytes in, values out, no model and no network."""
