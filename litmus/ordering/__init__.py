"""Ordering: which pairs of primitives order, derived from shapes of tests."""
