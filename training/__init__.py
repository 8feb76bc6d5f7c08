"""Training: from normal photographs to an exported model (the paper's two stages)."""
