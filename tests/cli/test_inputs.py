"""Which files arguments name: names as they are, folders, lists of lists."""

from __future__ import annotations

import inspect
import os
import sys
from pathlib import Path

import pytest

from litmus.diagnostics import InputError
from litmus.inputs import files_of


def touch(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    return str(path)


def test_names_are_taken_as_they_are_and_as_often_as_they_are_named():
    names = ["a[1].litmus", "2+2W+[rf]:x.litmus", "*.litmus", "a[1].litmus", "no/such/file"]
    assert list(files_of(names)) == names


def test_a_folder_stands_for_the_tests_under_it_sorted(tmp_path):
    wanted = [touch(tmp_path / name) for name in ("a.litmus", "c.litmus", "b/1.litmus", "b/2.litmus")]
    touch(tmp_path / "notes.txt")
    assert list(files_of([str(tmp_path)])) == [wanted[0], wanted[1], wanted[2], wanted[3]]


def test_a_folder_without_tests_is_an_error(tmp_path):
    touch(tmp_path / "readme.txt")
    with pytest.raises(InputError, match=r"contains no \.litmus file"):
        list(files_of([str(tmp_path)]))


def test_names_in_a_list_are_relative_to_the_list_and_lists_nest(tmp_path):
    touch(tmp_path / "sub" / "folder" / "t.litmus")
    (tmp_path / "sub" / "all").write_text("# regressions\n\n  b[0].litmus  \nfolder\n../a.litmus\n")
    (tmp_path / "top").write_text("@sub/all\nz.litmus\n@sub/all\n")
    base = str(tmp_path)
    inner = [f"{base}/sub/b[0].litmus", f"{base}/sub/folder/t.litmus", f"{base}/sub/../a.litmus"]
    assert list(files_of([f"@{base}/top"])) == [*inner, f"{base}/z.litmus", *inner]


def test_a_list_in_the_current_folder_gives_bare_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("all").write_text("SB.litmus\n/abs/MP.litmus\n")
    assert list(files_of(["@all"])) == ["SB.litmus", "/abs/MP.litmus"]


def test_a_list_that_includes_itself_is_an_error_at_the_name(tmp_path):
    (tmp_path / "a").write_text("x.litmus\n@b\n")
    (tmp_path / "b").write_text("@a\n")
    with pytest.raises(InputError, match="includes itself") as caught:
        list(files_of([f"@{tmp_path}/a"]))
    assert str(caught.value.span) == f"{tmp_path}/b:1:1"


@pytest.mark.parametrize("text", ["", "\n# nothing\n"])
def test_a_list_that_names_nothing_is_an_error(tmp_path, text):
    (tmp_path / "empty").write_text(text)
    with pytest.raises(InputError, match="names no test"):
        list(files_of([f"@{tmp_path}/empty"]))


def test_a_missing_list_is_an_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("@nope", "sub/@nope", "./@nope"):
        with pytest.raises(InputError, match=r"cannot read the list .*nope: No such file"):
            list(files_of([name]))


def test_a_file_whose_name_begins_with_an_at_sign_is_a_list_as_for_herd7(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("dir").mkdir()
    Path("@all").write_text("a.litmus\n@more\n")
    Path("@more").write_text("b.litmus\n")
    Path("more").write_text("never.litmus\n")
    Path("dir/@all").write_text("c.litmus\n@plain\n@dotted/list\n")
    Path("dir/plain").write_text("d.litmus\n")
    Path("dir/dotted").mkdir()
    Path("dir/dotted/list").write_text("e.litmus\n")
    assert list(files_of(["@all"])) == ["a.litmus", "b.litmus"]
    assert list(files_of(["./@all"])) == ["./a.litmus", "./b.litmus"]
    inside = ["dir/c.litmus", "dir/d.litmus", "dir/dotted/e.litmus"]
    assert list(files_of(["dir/@all"])) == list(files_of(["@dir/@all"])) == inside


def test_a_folder_whose_name_begins_with_an_at_sign_is_a_folder(tmp_path):
    wanted = touch(tmp_path / "@tests" / "a.litmus")
    assert list(files_of([str(tmp_path / "@tests")])) == [wanted]


def test_hidden_folders_are_passed_over_unless_they_are_named(tmp_path):
    wanted = touch(tmp_path / "a.litmus")
    hidden = touch(tmp_path / ".git" / "b.litmus")
    touch(tmp_path / "sub" / ".cache" / "c.litmus")
    assert list(files_of([str(tmp_path)])) == [wanted]
    assert list(files_of([str(tmp_path / ".git")])) == [hidden]
    with pytest.raises(InputError, match="contains no"):
        list(files_of([str(tmp_path / "sub")]))


def test_what_is_no_file_is_not_opened(tmp_path):
    wanted = [touch(tmp_path / "a.litmus"), str(tmp_path / "b.litmus"), str(tmp_path / "gone.litmus")]
    (tmp_path / "b.litmus").symlink_to("a.litmus")
    (tmp_path / "gone.litmus").symlink_to("nowhere")  # an error when it is read
    os.mkfifo(tmp_path / "pipe.litmus")
    (tmp_path / "device.litmus").symlink_to("/dev/zero")
    assert list(files_of([str(tmp_path)])) == wanted
    assert list(files_of([str(tmp_path / "pipe.litmus")])) == [str(tmp_path / "pipe.litmus")]  # it is named


def test_a_folder_that_cannot_be_read_is_an_error(tmp_path, monkeypatch):
    touch(tmp_path / "a.litmus")
    touch(tmp_path / "locked" / "b.litmus")
    scandir = os.scandir

    def refuse(path):
        if os.path.basename(path) == "locked":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(InputError, match=r"cannot read the folder .*locked: Permission denied"):
        list(files_of([str(tmp_path)]))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
def test_a_folder_without_permission_is_an_error(litmus, tmp_path):
    touch(tmp_path / "locked" / "b.litmus")
    (tmp_path / "locked").chmod(0)
    ran = litmus("check", tmp_path)
    (tmp_path / "locked").chmod(0o700)
    assert ran.status == 2
    assert "locked: Permission denied" in ran.err


def test_folders_may_be_nested_more_deeply_than_python_recurses(tmp_path):
    # Not over 1000 levels: pytest could not remove them.
    folder = tmp_path.joinpath(*["a"] * 200)
    wanted = touch(folder / "t.litmus")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 150)
    try:
        found = list(files_of([str(tmp_path)]))
    finally:
        sys.setrecursionlimit(limit)
    assert found == [str(wanted)]


def test_an_empty_folder_in_a_list_is_reported_where_the_list_names_it(tmp_path):
    os.mkdir(tmp_path / "void")
    (tmp_path / "list").write_text("a.litmus\n  void\n")
    with pytest.raises(InputError) as caught:
        list(files_of([f"@{tmp_path}/list"]))
    assert str(caught.value.span) == f"{tmp_path}/list:2:3"
