"""What the pages point at exists."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("models/*.md")])


def test_there_are_pages():
    assert ROOT / "README.md" in PAGES
    assert ROOT / "docs" / "README.md" in PAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_files_and_commands_exist(page):
    text = page.read_text()
    links = [each for each in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in each]
    tests = [ROOT / each for each in re.findall(r"(?<![\w/])tests/[\w/.]+", text)]
    missing = [str(each) for each in [*(page.parent / link for link in links), *tests] if not each.exists()]
    modules = set(re.findall(r"python -m ((?:service|training|benchmarks)[\w.]*)", text))
    missing += [module for module in modules if find_spec(module) is None]
    assert missing == []
