"""The loop and its vocabulary; imports neither a screen, a driver nor a model engine."""
