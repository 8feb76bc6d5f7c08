"""Scores the photographs of an archive that speaks DICOMweb (``python -m service.dicomweb``).

It asks a service over HTTP and parses no DICOM object itself.
"""
