"""The inference service: fundus photograph in, anomaly score and heatmap out."""

import os
import sys

# Libraries that tell their makers of every start, and of the model's name and digest, unless they are told
# not to before they are imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
