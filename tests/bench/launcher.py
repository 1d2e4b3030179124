"""The small process between the benchmark and what it measures: `launcher.py RESULT COMMAND…`.

Linux hands a parent's peak memory on to what it starts, so the parent has to be small: no imports beyond these, run
with `-I -S`. Readings below its own size (about 9 MiB) only say "no more than this".
RESULT gets one line: exit code, CPU seconds, peak KiB, wall seconds.
"""

import os
import sys
import time

start = time.monotonic()
pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(pid, 0)
with open(sys.argv[1], "w") as result:  # noqa: PTH123 - pathlib would double this process
    cpu_s = usage.ru_utime + usage.ru_stime
    result.write(f"{os.waitstatus_to_exitcode(status)} {cpu_s} {usage.ru_maxrss} {time.monotonic() - start}")
