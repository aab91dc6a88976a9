"""Verification: PyTorch against ONNX Runtime against an fp64 oracle; running a build's graph."""

from archc.verify.agreement import verify
from archc.verify.report import Check, Culprit, VerifyReport
from archc.verify.runtime import read_arrays, run

__all__ = ["Check", "Culprit", "VerifyReport", "read_arrays", "run", "verify"]
