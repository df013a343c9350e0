"""The wheel: what pip installs works without the checkout that it was built from."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]

TEST = """X86 SB
{ x=0; y=0; }
 P0          | P1          ;
 MOV [x],$1  | MOV [y],$1  ;
 MOV EAX,[y] | MOV EAX,[x] ;
exists (0:EAX=0 /\\ 1:EAX=0)
"""


@pytest.mark.slow
def test_a_wheel_has_the_models_and_runs_on_its_own(tmp_path):
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(CHECKOUT)]
    subprocess.run(build, check=True, timeout=300)
    (wheel,) = tmp_path.glob("litmus_verifier-*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (tmp_path / "SB.litmus").write_text(TEST)
    environment = {**os.environ, "PYTHONPATH": str(site), "LITMUS_CACHE": str(tmp_path / "cache")}

    def run(*command: str) -> str:
        start = [sys.executable, "-P", *command]
        return subprocess.run(
            start, check=True, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=60
        ).stdout

    assert run("-c", "import litmus; print(litmus.__file__)").strip() == str(site / "litmus" / "__init__.py")
    assert {line.split()[0] for line in run("-m", "litmus", "models").splitlines()} >= {"sc", "x86-tso", "power"}
    assert run("-m", "litmus", "check", "SB.litmus").startswith("Sometimes. Under x86-tso")
    assert (site / "litmus" / "py.typed").is_file()
    scripts = (site / next(site.glob("*.dist-info")).name / "entry_points.txt").read_text()
    assert "litmus = litmus.cli:main" in scripts
