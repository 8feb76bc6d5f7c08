"""What the rivals are built from."""
