"""Places and shapes in pure Python; knows no Django."""
