from benchmarks.bulk import bounds_table


def test_bounds_grow_with_the_actors():
    lines = bounds_table(6.0, 0.8, 0.01).splitlines()
    cells = [cell.strip() for cell in lines[-1].strip("|").split("|")]
    assert cells == ["1000", "6000", "0.05", "38.4", "12000", "6030", "30"]
