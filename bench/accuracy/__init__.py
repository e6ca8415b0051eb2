"""How much of a workload of known truth each collector explains."""
