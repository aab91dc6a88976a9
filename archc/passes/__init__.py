"""Passes: Program to Program."""
