"""What reproduces the paper: its rivals and its tables. A clinic never opens it."""
