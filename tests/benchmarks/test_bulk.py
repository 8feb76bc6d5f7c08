from benchmarks.bulk import bounds_table


def test_bounds_grow_with_the_actors():
    lines = bounds_table(6.0, 0.8, 200, overlays=True).splitlines()
    cells = [cell.strip() for cell in lines[-1].strip("|").split("|")]
    assert cells == ["1000", "6000", "0.05", "38.40", "12000", "6030.0", "30.00"]
