"""A list of small mistakes in the engines, each of which a quick test notices.

A mutant is a module, a text that occurs in it once, the text that replaces it, and the test that then fails.  If you
change such a line in the module, change it here too.  If you add a line on which an answer depends, add a mutant of it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from mutation import VARIABLE

TESTS = Path(__file__).resolve().parents[1]

# fmt: off
MUTANTS: list[tuple[str, str, str, str]] = [
    ('litmus.engine.bounds', 'if (out | later) >> w & 1 or w == own:',
     'if (out | later) >> w & 1:',
     'engine/test_updates.py::test_an_exchange_is_overtaken_where_the_model_does_not_forbid_it'),
    ('litmus.engine.bounds', 'later = self.graph.po[r] if self.coherent else 0',
     'later = self.graph.po[r]',
     'engine/test_engine_facts.py::test_an_address_out_of_thin_air_is_unsupported_though_a_value_would_fit'),
    ('litmus.engine.bounds', 'if self.coherent:\n            for w in self.writes:',
     'if True:\n            for w in self.writes:',
     'engine/test_engine_facts.py::test_the_count_of_coherence_orders_is_exact_where_it_is_small_and_never_too_large'),
    ('litmus.engine.bounds', 'if shadows:\n                hidden',
     'if True:\n                hidden',
     'engine/test_engine_lines.py::test_equal_values_are_a_choice_where_they_are_taken_away'),
    ('litmus.engine.bounds', 'count *= len(points)',
     'count *= 1',
     'engine/test_engine_facts.py::test_a_block_that_is_not_sent_keeps_nothing_from_being_learned'),
    ('litmus.engine.bounds', 'if not self.slots_before[i] & left:\n                        further',
     'if True:\n                        further',
     'engine/test_engine_facts.py::test_the_count_of_coherence_orders_is_exact_where_it_is_small_and_never_too_large'),
    ('litmus.engine.coherence', '(_ELSEWHERE, ()), (_HERE, ((3, 0), (3, 1)))',
     '(_HERE, ((3, 0), (3, 1)))',
     'engine/test_engine_lines.py::test_two_reads_of_two_other_threads_writes_are_a_pattern_of_their_own'),
    ('litmus.engine.coherence', 'if any(check.effect == "assert" for check in model.checks):',
     'if False:',
     'engine/test_coherence.py::test_a_model_that_does_not_demand_coherence_is_not_taken_for_one'),
    ('litmus.engine.coherence', 'check.effect == "check" and not check.negated',
     'check.effect == "check"',
     'engine/test_coherence.py::test_a_model_that_does_not_demand_coherence_is_not_taken_for_one'),
    ('litmus.engine.coherence', '"R": (everything & ~writes, everything),',
     '"R": (everything, everything),',
     'engine/test_coherence.py::test_a_model_that_does_not_demand_coherence_is_not_taken_for_one'),
    ('litmus.engine.coherence', '(low, high) if sign > 0 else (high, low)',
     '(low, high)',
     'engine/test_coherence.py::test_a_model_that_does_not_demand_coherence_is_not_taken_for_one'),
    ('litmus.engine.coherence', '_Pattern((_HERE, _THERE), (0, 1), (), ((1, 0),), ((0, 1),)),',
     '',
     'engine/test_updates.py::test_updates_are_in_order_if_the_checks_forbid_both_ways_to_break_it'),
    ('litmus.deciding', 'and kind.signed and',
     'and',
     'engine/test_engine_lines.py::test_a_demanded_value_is_what_the_register_shows_and_not_what_was_stored'),
    ('litmus.deciding', 'graph.events[expr.event].size <= kind.size',
     'True',
     'engine/test_engine_lines.py::test_a_demanded_value_is_what_the_register_shows_and_not_what_was_stored'),
    ('litmus.engine.encoding', 'if updates_in_order:',
     'if True:',
     'engine/test_updates.py::test_an_exchange_is_overtaken_where_the_model_does_not_forbid_it'),
    ('litmus.engine.base', 'rests = Rests.READS | Rests.ORDERS | Rests.VALUES | Rests.OPTIONS',
     'rests = Rests.READS | Rests.ORDERS | Rests.OPTIONS',
     'engine/test_engine_lines.py::test_a_model_that_asks_whether_values_are_equal_is_decided_by_the_execution'),
    ('litmus.engine.base', 'rests = Rests.READS | Rests.ORDERS | Rests.VALUES | Rests.OPTIONS',
     'rests = Rests.READS | Rests.ORDERS | Rests.OPTIONS',
     'engine/test_engine_lines.py::test_equal_values_are_a_choice_where_they_are_taken_away'),
    ('litmus.engine.base', 'rests |= Rests.LANDINGS',
     'pass',
     'engine/test_engine_lines.py::test_program_order_is_a_choice_where_blocks_land'),
    ('litmus.algebra.names', '_relation("ctrl", Rests.PATHS | Rests.EXCHANGES,',
     '_relation("ctrl", Rests.PATHS,',
     'algebra/test_names.py::test_a_base_name_is_the_same_where_all_that_it_rests_on_is'),
    ('litmus.algebra.names', '_set("FW", Rests.ORDERS, shrinks=True)',
     '_set("FW", Rests.ORDERS)',
     'oracle/test_pruning.py::test_a_check_refutes_only_if_what_is_to_come_makes_it_harder'),
    ('litmus.algebra.names', '_relation("same-low-order-bits", Rests.ADDRESSES)',
     '_relation("same-low-order-bits")',
     'engine/test_engine_lines.py::test_where_in_its_variable_an_access_is_may_be_a_choice_too'),
    ('litmus.algebra.names', '_relation("loc", Rests.ADDRESSES,',
     '_relation("loc",',
     'engine/test_engine_lines.py::test_where_values_are_stored_is_a_choice_if_addresses_are'),
    ('litmus.algebra.names', '_relation("same-value", Rests.VALUES)',
     '_relation("same-value")',
     'engine/test_engine_lines.py::test_equal_values_are_a_choice_where_they_are_taken_away'),
    ('litmus.algebra.names', '_relation("addr", Rests.PATHS,',
     '_relation("addr",',
     'engine/test_engine_facts.py::test_a_dependency_on_one_of_two_ways_is_not_monotone'),
    ('litmus.engine.subsets', 'self.chosen |= Rests.PATHS',
     'pass',
     'engine/test_engine_facts.py::test_a_dependency_on_one_of_two_ways_is_not_monotone'),
    ('litmus.engine.subsets', 'if check.negated:\n        return None',
     'if False:\n        return None',
     'engine/test_engines_agree.py::test_engines_agree_on_a_model_with[a check that demands a cycle]'),
    ('litmus.relation.evaluation', 'values[variable] = new if recursion.monotone else self.chosen(active, new, old)',
     'values[variable] = new',
     'engine/test_engine_lines.py::test_a_recursion_keeps_in_each_execution_the_round_in_which_it_comes_to_rest'),
    ('litmus.oracle.enumeration', 'changing = Rests.READS | Rests.ORDERS | Rests.VALUES | Rests.OPTIONS',
     'changing = Rests.READS | Rests.ORDERS | Rests.OPTIONS',
     'engine/test_engine_lines.py::test_equal_values_are_a_choice_where_they_are_taken_away'),
]
# fmt: on


def source_of(module: str) -> str:
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_text(encoding="utf-8")


def run(test: str, mutant: tuple[str, str, str] | None) -> subprocess.CompletedProcess[str]:
    """Run one test in a process of its own, which imports the mutant in place of the module."""
    environment = {key: value for key, value in os.environ.items() if key != VARIABLE}
    environment["PYTHONPATH"] = os.pathsep.join([str(TESTS / "engine"), environment.get("PYTHONPATH", "")])
    if mutant is not None:
        environment[VARIABLE] = json.dumps(mutant)
    options = ["-p", "mutation", "-p", "no:cacheprovider", "-x", "-q"]
    command = [sys.executable, "-m", "pytest", *options, str(TESTS / test)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=TESTS.parent, timeout=300)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m[0].removeprefix('litmus.')}: {m[1].split(chr(10))[0]}")
def test_the_line_stands_in_the_program_and_its_test_exists(mutant: tuple[str, str, str, str]) -> None:
    module, old, new, test = mutant
    text = source_of(module)
    assert text.count(old) == 1
    compile(text.replace(old, new), module, "exec")
    file, _, name = test.partition("::")
    assert f"def {name.partition('[')[0]}(" in (TESTS / file).read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m[0].removeprefix('litmus.')}: {m[1].split(chr(10))[0]}")
def test_a_quick_test_notices_the_mutant(mutant: tuple[str, str, str, str]) -> None:
    *change, test = mutant
    module, old, new = change
    ran = run(test, (module, old, new))
    assert ran.returncode == 1, ran.stdout + ran.stderr  # 1: a test failed


@pytest.mark.slow
def test_the_tests_of_the_list_pass_without_a_mutant() -> None:
    for test in sorted({test.partition("::")[0] for *_, test in MUTANTS}):
        ran = run(test, None)
        assert ran.returncode == 0, ran.stdout + ran.stderr
