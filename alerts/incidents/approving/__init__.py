"""A second person's yes, the hold, letting go, stopping, taking back."""
