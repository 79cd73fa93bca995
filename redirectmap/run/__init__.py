"""A whole migration from one settings file, stage by stage.

Every stage is a command of ours, run as a process: what `run` does can be done
by hand, a stage's memory is given back when it ends, and Ctrl-C reaches it.
A stage is skipped when its command, its inputs and its outputs are as they
were when it last succeeded.
"""

from redirectmap.run.config import Config, load_config
from redirectmap.run.engine import Outcome, arguments, run_stages
from redirectmap.run.stages import Stage, stages_of
from redirectmap.run.template import TEMPLATE

__all__ = [
    "TEMPLATE",
    "Config",
    "Outcome",
    "Stage",
    "arguments",
    "load_config",
    "run_stages",
    "stages_of",
]
