"""Shapes: litmus tests as cycles of relaxations; from cycles to tests, and all critical cycles."""
