"""Take registrations in: what is said, the four pages, the form of a crisis."""
