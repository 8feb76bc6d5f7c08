"""Speed, shown side by side in one run as a ratio."""
