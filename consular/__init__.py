"""The project and whom it serves: settings, doors to the outside, people, missions."""
