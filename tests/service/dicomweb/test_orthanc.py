"""A real archive, and a real service: photographs in, results beside them. Needs Orthanc and its DICOMweb."""

import json
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from tests.service.live_server import free_port
from tests.service.preprocessing.dicom_objects import PATIENT, PATIENT_ID, in_jpeg, uncompressed

ORTHANC = shutil.which("Orthanc")
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
START_SECONDS = 60

pytestmark = pytest.mark.skipif(
    ORTHANC is None or not PLUGIN.exists(), reason="Orthanc is not installed (orthanc, orthanc-dicomweb)"
)


@pytest.fixture
def orthanc(tmp_path):
    """Its address."""
    port = free_port()
    configuration = {
        "StorageDirectory": str(tmp_path / "storage"),
        "IndexDirectory": str(tmp_path / "storage"),
        "HttpPort": port,
        "DicomServerEnabled": False,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "Plugins": [str(PLUGIN)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    (tmp_path / "storage").mkdir()
    (tmp_path / "orthanc.json").write_text(json.dumps(configuration))
    with (tmp_path / "orthanc.log").open("w") as log:
        process = subprocess.Popen([str(ORTHANC), tmp_path / "orthanc.json"], stdout=log, stderr=log)  # noqa: S603
    address = f"http://127.0.0.1:{port}"
    try:
        give_up = time.monotonic() + START_SECONDS
        while not _answers(address):
            assert process.poll() is None, (tmp_path / "orthanc.log").read_text()
            assert time.monotonic() < give_up
            time.sleep(0.1)
        yield address
    finally:
        process.kill()
        process.wait()


def _answers(address):
    try:
        return httpx2.get(f"{address}/system").is_success
    except httpx2.HTTPError:
        return False


def series_of(orthanc):
    """Modality, number of instances and study of each series, by its UID."""
    found = {}
    for each in httpx2.get(f"{orthanc}/series?expand").raise_for_status().json():
        tags = each["MainDicomTags"]
        found[tags["SeriesInstanceUID"]] = (tags["Modality"], len(each["Instances"]), each["ParentStudy"])
    return found


def watch(archive, service):
    command = [sys.executable, "-m", "service.dicomweb", "--once", "--qido", archive, "--server", service]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603


def test_results_lie_beside_the_photograph_and_stay_the_same(orthanc, serve, tiny_model_path, photograph):
    service = serve("--model", str(tiny_model_path))
    study = {
        "StudyInstanceUID": "2.25.1",
        "StudyDate": f"{datetime.now(UTC):%Y%m%d}",
        "SeriesInstanceUID": "2.25.2",
        "Modality": "OP",
    }
    compressed, _ = in_jpeg(photograph, **study)
    for data in (uncompressed(photograph, **study), compressed):
        httpx2.post(f"{orthanc}/instances", content=data).raise_for_status()

    run = watch(f"{orthanc}/dicom-web", service.address())
    assert run.returncode == 0, run.stdout
    first = series_of(orthanc)
    modalities = sorted(modality for modality, _, _ in first.values())
    assert modalities == ["OP", "OT", "OT", "SEG", "SEG", "SR", "SR"]
    assert len({parent for _, _, parent in first.values()}) == 1
    again = watch(f"{orthanc}/dicom-web", service.address())
    assert again.returncode == 0
    assert series_of(orthanc) == first
    assert run.stdout.count('"stored"') == 2
    assert '"stored"' not in again.stdout
    log = "".join([*service.lines, run.stdout, run.stderr, again.stdout])
    assert PATIENT not in log
    assert PATIENT_ID not in log


def test_an_archive_that_is_gone_is_an_exit_code(serve, tiny_model_path):
    service = serve("--model", str(tiny_model_path))
    run = watch(f"http://127.0.0.1:{free_port()}", service.address())
    assert run.returncode == 1
    assert "it does not answer: ConnectError" in run.stdout
