import ast
from pathlib import Path

import service
from service.api.problems import PROBLEMS, Problem

CODE_CALLS = {"Problem", "DecodeError"}


def raised_codes() -> set[str]:
    """Every code that the service's source raises."""
    codes: set[str] = set()
    for path in Path(service.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CODE_CALLS:
                codes |= {str(arg.value) for arg in node.args[:1] if isinstance(arg, ast.Constant)}
    return codes


def test_every_code_that_is_raised_is_known():
    codes = raised_codes()
    assert {"empty-file", "body-too-large", "not-an-image"} <= codes
    assert codes <= set(PROBLEMS)


def test_a_document_says_what_rfc_9457_asks():
    document = Problem("empty-file", "The file is empty.").document("id").model_dump(exclude_none=True)
    assert document == {
        "type": "urn:resynthdetect:problem:empty-file",
        "title": PROBLEMS["empty-file"].title,
        "status": 400,
        "code": "empty-file",
        "detail": "The file is empty.",
        "request_id": "id",
    }
