"""What keys do, by the kind of thing."""
