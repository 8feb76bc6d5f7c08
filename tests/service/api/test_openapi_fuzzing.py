"""The OpenAPI description against the service: requests that it allows, and requests that it does not."""

import contextlib
import os
from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.core.result import Ok

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))
ASKED = [
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]


@pytest.fixture
def address(serve, tiny_model_path):
    return serve("--model", str(tiny_model_path), "--admin-key", "4vXo0kS7yT2mQb9e").address()


@pytest.mark.parametrize("mode", GenerationMode)
def test_every_answer_is_one_that_is_described(address, mode):
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
    checks = CHECKS.get_by_names(ASKED)
    asked: Counter[str] = Counter()
    for operation in schema.get_all_operations():
        assert isinstance(operation, Ok)

        @given(case=operation.ok().as_strategy(generation_mode=mode))
        @examples(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        def check(case):
            response = case.call(base_url=address)
            asked[case.operation.label] += 1
            # Described too, but never to be seen. 503 and 504 are: a deadline of 5e-324 s is a valid one.
            assert response.status_code != 500
            case.validate_response(response, checks=checks)

        # What takes nothing cannot be asked wrongly.
        with contextlib.suppress(Unsatisfiable):
            check()
    assert asked["POST /predict"] >= EXAMPLES
    assert mode is GenerationMode.NEGATIVE or len(asked) >= 9
