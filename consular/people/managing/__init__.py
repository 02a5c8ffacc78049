"""What owners do with a registration: confirm, look, change, extend, erase."""
