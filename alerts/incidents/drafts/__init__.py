"""Drafts: texts in all languages, templates, what they cost and look like."""
