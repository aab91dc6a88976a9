"""What a Program becomes."""
