"""What happened between two samples: rates, ledger, events."""
