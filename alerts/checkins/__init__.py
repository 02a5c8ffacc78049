"""What came back: inbound, understanding, check-ins, cases, the board."""
