"""Ask the live servers whether every old URL does what the plan says."""

from redirectmap.verify.core import forget_run, verify_plan
from redirectmap.verify.settings import VerifySettings

__all__ = ["VerifySettings", "forget_run", "verify_plan"]
