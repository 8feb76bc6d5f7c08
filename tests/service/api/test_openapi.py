"""The OpenAPI description as programs read it."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
from fastapi.testclient import TestClient
from jsonschema_rs import Draft202012Validator

REFERENCE = "#/components/schemas/"


@pytest.fixture
def client(shared_client: TestClient) -> TestClient:
    return shared_client


@pytest.fixture
def document(client) -> dict[str, Any]:
    described: dict[str, Any] = client.get("/openapi.json").json()
    return described


def references(node: Any) -> Iterator[str]:
    """All that a part of a description refers to."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict) and isinstance(node.get("$ref"), str):
        yield node["$ref"]
    for child in children:
        yield from references(child)


def test_every_reference_leads_somewhere(document):
    named = {reference.removeprefix(REFERENCE) for reference in references(document)}
    assert (
        {"ProblemDocument", "ParameterError", "PredictionAnswer"}
        <= named
        <= document["components"]["schemas"].keys()
    )


def test_no_answer_is_described_as_an_error_of_fastapis_own(document):
    assert not {"HTTPValidationError", "ValidationError"} & document["components"]["schemas"].keys()


def test_every_example_fits_its_schema(document):
    checked = 0
    for path in document["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values():
                for content in response.get("content", {}).values():
                    values = [each["value"] for each in content.get("examples", {}).values()]
                    values += [content["example"]] if "example" in content else []
                    schema = {**content.get("schema", {}), "components": document["components"]}
                    for value in values:
                        Draft202012Validator(schema).validate(value)
                        checked += 1
    assert checked > 30


def test_operations_have_the_names_of_functions(document):
    operations = {each["operationId"] for path in document["paths"].values() for each in path.values()}
    assert {"predict", "livez", "readyz", "reload", "model_metadata", "infer"} <= operations
    assert all(name.isidentifier() for name in operations)


def test_the_page_for_programs_needs_no_internet(client):
    page = client.get("/docs").text
    assets = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert any(asset.endswith("swagger-ui-bundle.js") for asset in assets)
    for asset in assets:
        assert client.get(urljoin("http://testserver/docs", asset)).status_code == 200, asset
    assert "//" not in "".join(assets)
