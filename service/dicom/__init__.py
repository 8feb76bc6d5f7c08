"""Answers as DICOM objects that refer to the photograph they are about.

Needs the extra ``dicom``; only :mod:`~service.dicom.statement` and :mod:`~service.dicom.uids` can be imported
without.
"""
