"""Take answers in, by link and by message, and derive what they say of people."""
