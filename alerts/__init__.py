"""From a feed item to an answered message, one app a stage."""
