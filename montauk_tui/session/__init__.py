"""What the user chose and what keys do, without a screen."""
