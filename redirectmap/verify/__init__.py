"""Ask the live servers whether every old URL does what the plan says."""

from redirectmap.verify.core import Inputs, forget_run, verified, verify_plan
from redirectmap.verify.settings import VerifySettings
from redirectmap.verify.summary import Counts
from redirectmap.verify.verdicts import Verdicts

__all__ = [
    "Counts",
    "Inputs",
    "Verdicts",
    "VerifySettings",
    "forget_run",
    "verified",
    "verify_plan",
]
