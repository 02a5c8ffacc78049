"""Places and outlines of countries, and the script that builds them from sources."""
