"""From a source to stored statements: polls, pushes, documents."""
