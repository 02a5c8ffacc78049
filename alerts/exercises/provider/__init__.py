"""The simulated provider: Twilio, a mail server, Mastodon, and the people behind them.

It serves exercises, tests and measurements through the same transports as live
traffic, answers on this machine only, keeps a journal of its own, and can fail in
every way the real ones do. It imports no model: nothing in it knows what Muster
believes.
"""
