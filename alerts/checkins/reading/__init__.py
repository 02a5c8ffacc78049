"""Understand a reply: phrases, tokens, hidden calls for help."""
