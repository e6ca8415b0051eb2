"""Frames as text for programs and pipes, without a screen."""
