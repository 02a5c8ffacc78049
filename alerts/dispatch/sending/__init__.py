"""From a claimed message to what came of its request."""
