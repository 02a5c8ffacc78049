"""What the ministry decides: incidents, zones, drafts, approval, alerts."""
