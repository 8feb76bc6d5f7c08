"""Training: from normal photographs to an exported model (the paper's two stages)."""

# Whoever trains tells nobody either.
import service as service
