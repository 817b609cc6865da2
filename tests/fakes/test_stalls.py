"""The watch over the machine sees when nothing runs, and finds no excuse for who is only slow."""

import os
import signal
import subprocess
import sys
import time

from tests.fakes.stalls import Stalls

PROGRAM = """
import sys, time
from tests.fakes.stalls import Stalls
with Stalls() as stalls:
    time.sleep(0.1)
    began = time.perf_counter()
    print(flush=True)
    sys.stdin.readline()
    ended = time.perf_counter()
    print(ended - began, stalls.within(began, ended))
"""


def test_time_in_which_nothing_ran_is_found() -> None:
    """A program that is stopped is to itself as a machine that stands still."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=root, stdin=pipe, stdout=pipe, text=True) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdout.readline()
        program.send_signal(signal.SIGSTOP)
        time.sleep(0.3)
        program.send_signal(signal.SIGCONT)
        took, stood = map(float, program.communicate("\n")[0].split())
    assert took >= 0.3
    assert 0.25 <= stood <= took


def test_who_waits_has_no_excuse() -> None:
    with Stalls() as stalls:
        began = time.perf_counter()
        time.sleep(0.3)
        ended = time.perf_counter()
    assert stalls.within(began, ended) <= ended - began - 0.2, "a machine that runs most of the time"
    assert stalls.within(ended + 1, ended + 2) == 0
