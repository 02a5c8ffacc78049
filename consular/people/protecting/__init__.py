"""Protect what is held of people: what, why, how long, from whom."""
