"""Groups of processes as rows: cgroups, units, containers, users, programs."""
