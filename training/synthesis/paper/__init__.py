"""The paper's generator: Equations 1 to 4, and its augmentations."""
