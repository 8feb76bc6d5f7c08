"""A model file and what runs it: arrays in, arrays out."""
