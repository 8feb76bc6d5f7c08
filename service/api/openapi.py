"""What OpenAPI says beyond signatures: the form of POST /predict, an example of each response, problems."""

from typing import Any

from fastapi import FastAPI

from service.api.problems import problem_examples, problem_schemas
from service.api.transport.photograph_form import FIELD

# A grey pixel: short enough to read, and a PNG that opens.
EXAMPLE_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="

PREDICT_REQUEST_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": [FIELD],
                "additionalProperties": False,
                "properties": {
                    FIELD: {
                        "type": "string",
                        "format": "binary",
                        "description": "One photograph: JPEG, PNG, TIFF, WebP, BMP or DICOM.",
                    }
                },
            }
        }
    },
}

INFER_REQUEST_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/octet-stream": {
            "schema": {
                "type": "string",
                "format": "binary",
                "description": "JSON, then the tensor: four bytes of length (little-endian) and the file.",
            }
        }
    },
}

EXAMPLE_ANSWER: dict[str, Any] = {
    "request_id": "1f9c2a7e",
    "score": 0.8731,
    "anomalous": True,
    "finding": "anomalous",
    "threshold": 0.5,
    "percentile": 100.0,
    "camera": {
        "name": "clinic-1",
        "chosen_by": "looks",
        "normals": 120,
        "p_value": 0.0083,
        "note": "Compared with 120 normal photographs of the camera clinic-1, chosen by its looks.",
    },
    "regions": [
        {
            "box": {"x": 2210, "y": 1204, "width": 61, "height": 48},
            "area": 1873,
            "peak": 0.9412,
            "peak_position": {"x": 2236, "y": 1221},
            "place": {"quadrant": "superotemporal", "disc_diameters": 1.65},
        }
    ],
    "regions_total": 1,
    "optic_disc": {"x": 3120, "y": 1350, "diameter": 540.0, "temporal": "left"},
    "quality": [{"code": "blurred", "message": "The photograph is blurred or hazy."}],
    "photograph": {"width": 4288, "height": 2848},
    "acquisition": {
        "laterality": "R",
        "acquired_at": "2026-03-02T09:41:00",
        "manufacturer": "Kowa",
        "device": "VX-10",
    },
    "model": {"name": "resynthdetect", "version": "1.0.0"},
    "timings_ms": {
        "decode": 92.1,
        "preprocess": 61.4,
        "queue": 0.2,
        "inference": 480.3,
        "render": 310.0,
        "total": 945.2,
    },
    "heatmap_png": EXAMPLE_PNG,
    "photograph_png": None,
}


def _header(description: str, example: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}, "example": example}


_FORM_PROBLEMS = (
    "malformed-multipart",
    "missing-file",
    "multiple-files",
    "unexpected-field",
    "file-is-text",
    "not-acceptable",
    "not-multipart",
)
# Of a photograph, however it was sent.
_PROBLEMS = (
    "empty-file",
    "unauthorized",
    "unknown-model",
    "unknown-camera",
    "upload-timeout",
    "body-too-large",
    "image-too-large",
    "not-an-image",
    "unsupported-image",
    "multiple-images",
    "truncated-image",
    "corrupt-image",
    "no-field-of-view",
    "too-costly",
    "invalid-parameter",
    "too-many-requests",
    "internal-error",
    "queue-full",
    "shutting-down",
    "deadline-exceeded",
)

PREDICT_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The prediction; with `Accept: image/png`, its heatmap; with "
        "`Accept: application/dicom`, DICOM objects about a DICOM photograph.",
        "headers": {
            "X-Request-ID": _header("The request's id: the client's own, or a new one.", "1f9c2a7e"),
            "X-Anomaly-Score": _header("The score (not with JSON).", "0.8731"),
            "X-Anomaly-Threshold": _header("The threshold (not with JSON).", "0.5"),
            "X-Anomalous": _header("Whether the score reaches it (not with JSON).", "true"),
            "X-Anomaly-Finding": _header("The finding (not with JSON).", "anomalous"),
        },
        "content": {
            "application/json": {"example": EXAMPLE_ANSWER},
            "image/png": {
                "schema": {"type": "string", "contentMediaType": "image/png"},
                "example": f"data:image/png;base64,{EXAMPLE_PNG}",
            },
            "multipart/related": {"schema": {"type": "string", "format": "binary"}},
        },
    },
    **problem_examples(*_FORM_PROBLEMS, *_PROBLEMS),
}
INFER_PROBLEMS = problem_examples("malformed-inference", *_PROBLEMS)


def describe(app: FastAPI) -> dict[str, Any]:
    """Return an application's OpenAPI description, with the schemas of problem documents."""
    document = FastAPI.openapi(app)
    document["components"]["schemas"].update(problem_schemas())
    return document
