"""What the public may read: pages, CAP, its feed."""
