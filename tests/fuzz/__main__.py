"""Coverage-guided fuzzing of one target: ``python -m tests.fuzz TARGET --seconds 300``.

Needs the extra ``fuzz``. Ends at the first finding, whose file it names; run a target again with that file in
place of ``--seconds`` to see what happens. What was found to reach new code is kept in a folder, and the next
run begins there.
"""

import argparse
import resource
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import atheris

# By target, the packages whose branches guide the search; those of compiled libraries are not seen.
INSTRUMENTED = {
    "answer": ["service"],
    "archive": ["service", "email"],
    "card": ["service"],
    "decoding": ["service", "PIL"],
    "dicom": ["service", "pydicom"],
    "form": ["service", "python_multipart"],
    "header": ["service", "PIL"],
    "inference": ["service"],
    "metadata": ["service"],
    "objects": ["service", "pydicom", "highdicom"],
    "stages": ["service", "PIL"],
}
# Tables of some megabytes.
TABLES = ["pydicom._dicom_dict", "pydicom._private_dict", "pydicom._uid_dict", "pydicom.sr"]
# Atheris never frees the result of a comparison of arrays that it instruments: a gigabyte in some minutes.
PIXELS = ["service/preprocessing", "service/pictures"]
FILES = Path("service/preprocessing/files")
MEBIBYTE = 2**20
ADDRESS_SPACE = 3072 * MEBIBYTE
# Of which a target takes some 200 at rest; what an input takes beyond is a finding.
MEBIBYTES_RESIDENT = 768
LONGEST_INPUT = 2**16
# Under load, which slows an input, not what a loop without end takes.
SECONDS_AN_INPUT = 60


def modules_of_pixels() -> list[str]:
    """Names of the service's modules that see a photograph's pixels, and never its bytes."""
    sources = [source for folder in PIXELS for source in Path(folder).rglob("*.py")]
    return [
        ".".join(source.with_suffix("").parts).removesuffix(".__init__")
        for source in sources
        if FILES not in source.parents
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=INSTRUMENTED)
    parser.add_argument("finding", nargs="?", type=Path, help="run this input alone")
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "fuzz")
    arguments = parser.parse_args()
    include = INSTRUMENTED[arguments.target]
    with atheris.instrument_imports(include=include, exclude=TABLES + modules_of_pixels()):
        target = import_module("tests.fuzz.targets").TARGETS[arguments.target]
    corpus, findings = arguments.folder / arguments.target, arguments.folder / f"{arguments.target}-"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    options = [
        f"-max_total_time={arguments.seconds}",
        f"-max_len={LONGEST_INPUT}",
        f"-timeout={SECONDS_AN_INPUT}",
        f"-rss_limit_mb={MEBIBYTES_RESIDENT}",
        f"-artifact_prefix={findings}",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(arguments.finding or corpus)], target.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
