"""Answers as DICOM objects that refer to the photograph they are about.

Needs the extra ``dicom``; only :mod:`~service.dicom.statement` can be imported without.
"""
