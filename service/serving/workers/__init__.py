"""Worker processes: each runs one call at a time, within bounds of memory and time, and may be lost."""
