"""Who an alert is for, settled with its messages; who joins, who was warned, why."""
