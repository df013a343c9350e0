"""Shapes: litmus tests as cycles of relaxations, tests made from cycles, and the list of all critical cycles."""
