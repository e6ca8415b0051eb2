"""How much of a known workload each collector explains."""
