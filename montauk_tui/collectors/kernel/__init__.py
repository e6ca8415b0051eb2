"""The kernel collector: BPF probes loaded through BCC."""
