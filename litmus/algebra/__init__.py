"""Relational algebra: the compiled form of cat models."""
