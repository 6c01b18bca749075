"""`check` looks at the answer to an exercise and says in one line what it thinks of it.

An exercise stands in its lesson's `exercises.py`: the right answer, the cases to try it on, and
the mistakes that learners make, each once, as the code that makes it, with its diagnosis:

    causal = Exercise("1.2", right=mask, cases=[(1,), (4,), (7,)])
    causal.mistake("place t must see itself: u <= t", lambda T: np.tri(T, k=-1, dtype=bool))

An answer that gives what the right one gives in all cases is right. One that gives what a mistake
gives in all cases gets its diagnosis. Any other is told where it differs first.
"""

import _thread
import copy
import dis
import importlib
import inspect
import json
import linecache
import os
import re
import signal
import threading
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
