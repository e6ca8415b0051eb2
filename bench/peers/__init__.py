"""What montauk and other monitors cost, side by side."""
