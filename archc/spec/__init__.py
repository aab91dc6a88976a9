"""From YAML text to the typed spec: trees with places, expressions, declarations."""
