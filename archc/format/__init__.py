"""Changes to the text of specs: one layout for all of them, and the fixes that diagnostics carry."""
