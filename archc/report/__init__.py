"""Summaries, costs and pages about ops."""
