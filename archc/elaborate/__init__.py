"""From a spec to a Program: one walk that infers types as it builds."""
