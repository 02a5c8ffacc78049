"""Pages and alarms: how far a send is, and what waits for a person."""
