"""From statements to the real events that they describe."""
