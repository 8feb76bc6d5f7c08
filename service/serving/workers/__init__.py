"""Processes that can be lost: each does one piece of work at a time, within bounds of memory and time."""
