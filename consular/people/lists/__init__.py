"""Take in lists of people: of groups, and of the system that was there before."""
