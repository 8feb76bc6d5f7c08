"""Step 1, read the file: bytes become RGB pixels, at full size or reduced."""

from service.preprocessing.files.dicom import Acquisition, is_dicom, read_acquisition
from service.preprocessing.files.photograph_file import PhotographFile, decode

__all__ = ["Acquisition", "PhotographFile", "decode", "is_dicom", "read_acquisition"]
