"""A command, run once and measured: shared by the benchmarks."""
import os
import subprocess
import time
import typing


class Measured(typing.NamedTuple):
    seconds: float  # by the clock
    processor_seconds: float
    peak_mib: float
    exit_code: int
    out: bytes  # its standard output


def measured(command):
    before = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    return Measured(time.monotonic() - before, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024,
                    os.waitstatus_to_exitcode(status), out)
