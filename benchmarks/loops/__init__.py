"""Programs with loops, as people write them, and what it costs to check them: python -m benchmarks.loops."""
