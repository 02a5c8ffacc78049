"""What providers and owners of addresses say later: receipts, bounces, opt-outs."""
