"""`montauk exporter`: metrics of groups of processes for Prometheus."""
