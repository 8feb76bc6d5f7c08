"""The inference service: fundus photograph in, anomaly score and heatmap out."""
