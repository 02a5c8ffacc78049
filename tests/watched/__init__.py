"""Long walks that somebody watches: a demo of its own, by hand, with pictures.

`python -m tests.watched send --shots FOLDER` sends an alert to many over a provider
that misbehaves; `python -m tests.watched answers --shots FOLDER` lets thousands answer
while an officer sits at the board. Each prints one JSON object; its exit code says
whether all that was shown agreed with the ledgers and the provider's own journal.
"""
