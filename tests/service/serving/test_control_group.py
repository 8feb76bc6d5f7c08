import math

import pytest

from service.serving.control_group import ControlGroup


@pytest.fixture
def group(tmp_path):
    """A control group of version 2 beside hierarchies of version 1, and the folder of its files."""
    (tmp_path / "membership").write_text("4:memory:/old\n0::/system.slice/fundus.service\n")
    folder = tmp_path / "system.slice" / "fundus.service"
    folder.mkdir(parents=True)
    (folder / "memory.current").write_text("1000\n")
    (folder / "memory.stat").write_text("anon 600\ninactive_file 300\nactive_file 100\n")
    (folder / "memory.max").write_text("4000\n")
    return ControlGroup(tmp_path, tmp_path / "membership"), folder


def test_memory_leaves_out_what_the_kernel_would_drop(group):
    control_group, _ = group
    assert (control_group.memory(), control_group.memory_limit()) == (700, 4000)


def test_no_limit_is_infinite(group):
    control_group, folder = group
    (folder / "memory.max").write_text("max\n")
    assert control_group.memory_limit() == math.inf


def test_outside_a_control_group_nothing_is_told(tmp_path):
    for membership in (tmp_path / "none", tmp_path):
        control_group = ControlGroup(tmp_path, membership)
        assert math.isnan(control_group.memory())
        assert math.isnan(control_group.memory_limit())
