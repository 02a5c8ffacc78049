"""The board: who is inside, counted, drawn, kept fresh."""
