"""Figures of merit, each with its bootstrap interval."""
