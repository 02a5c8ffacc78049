"""Cases: opened, ranked, worked on, escalated, closed."""
