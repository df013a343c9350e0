"""Designs for the tests of designs: read from a text, in one scenario, under one model."""

from __future__ import annotations

from functools import cache

from litmus.algebra.dag import Model
from litmus.c.tables import Primitives, load_primitives
from litmus.cat import load_model
from litmus.cat.catalogue import catalogue
from litmus.designs.lowering import Lowering
from litmus.designs.parsing import read_design
from litmus.designs.scenarios import Family, Scenario, families
from litmus.designs.syntax import Design
from litmus.diagnostics import Source
from litmus.isa import architecture_named
from litmus.program.build import unroll
from litmus.program.graph import EventGraph


def design(blocks: str) -> Design:
    """A design with per-CPU `curr`, `lock`, `a`, `b` and global `state`."""
    head = 'design mine "claim" cpu { int curr = T; spinlock_t lock; int a; int b; } mm { int state; } '
    (found,) = read_design(Source("mine.design", head + blocks)).designs()
    return found


def family(shape: str, target: str) -> Family:
    """The scenarios of a shape in which T's accesses have these directions."""
    (found,) = [f for f in families([shape]) if target in next(iter(f.scenarios(["RUN"], False))).title]
    return found


def scenario(side: str, shape: str = "MP", target: str = "WW", migrates: bool = False, order: int = 0) -> Scenario:
    return list(family(shape, target).scenarios([side], migrates))[order]


def graph(of: Design, where: Scenario, table: str = "power", outcome: bool = True) -> EventGraph:
    return unroll(Lowering(of).program(where, load_primitives(table), outcome))


@cache
def model_for(name: str) -> tuple[Model, Primitives]:
    """A hardware model, and its table of primitives."""
    table = load_primitives(catalogue()[name].primitives)
    return load_model(name, architecture_named(table.arch).tags, arch=table.arch), table
