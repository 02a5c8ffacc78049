"""What leaves the board: situation reports and exports."""
