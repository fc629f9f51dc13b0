"""What a peer's script prints: one line of JSON. Only the standard library, as it runs in the peer's environment."""

import json
import time
from pathlib import Path


def report(work, path):
    """Do `work(path)` -> (rows, refused) and print both with CPU and wall seconds and the peak memory in MB."""
    start, cpu = time.perf_counter(), time.process_time()
    rows, refused = work(path)
    found = {
        "rows": rows,
        "refused": refused,
        "seconds": time.perf_counter() - start,
        "cpu": time.process_time() - cpu,
        "peak_mb": peak_mb(),
    }
    print(json.dumps(found))


def peak_mb():
    """The most memory this program held. Not ru_maxrss: that counts the parent's memory before the program began."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
