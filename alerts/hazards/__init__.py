"""What the world says: sources, documents, reports, hazards, proposals."""
