"""The process of one party: loads it, and then runs as many steps of a generation at a time as it is told to.

    python -m tests.bench.generation.worker PARTY ROOT SIZE DEVICE THREADS

Orders come as lines of JSON on stdin, answers go out as lines of JSON on stdout:

    {"begin": {…Order}}   begins to generate; the answer tells what taking the context in and the first steps cost
    {"steps": n}          goes on for n steps or a few more; the answer tells how many, and what they cost
    {"end": true}         ends it; the answer tells the most memory that was taken
    {"codes": {…Order}}   generates without pauses; the answer holds the codes
    {"floor": true}       the answer tells the bytes that a step has to read, and how fast the device copies
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.bench.generation.parties import Order, Party

Say = Callable[[Mapping[str, Any]], None]


class EndedError(Exception):
    """The generation was told to end."""


class Meter:
    """Time and memory of this process: CPU time and resident memory on a CPU, wall time and the device's on a GPU."""

    def __init__(self, device: str):
        self.on_cpu = device == "cpu"

    def machine(self) -> str:
        """What computes, for a person."""
        if not self.on_cpu:
            import torch

            return str(torch.cuda.get_device_name())
        try:
            lines = Path("/proc/cpuinfo").read_text().splitlines()
        except OSError:
            lines = []
        models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        return f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores"

    def now_s(self) -> float:
        """CPU seconds of all threads so far; on a GPU wall seconds, once the device is done with what it was given."""
        if self.on_cpu:
            return time.process_time()
        import torch

        torch.cuda.synchronize()
        return time.perf_counter()

    def start_peak(self) -> None:
        """Forget the peak so far, where the system can."""
        if not self.on_cpu:
            import torch

            torch.cuda.reset_peak_memory_stats()
            return
        try:
            Path("/proc/self/clear_refs").write_text("5")
        except OSError:
            return  # not Linux: the peak is then that of the process so far

    def peak_mib(self) -> float:
        """The most memory since `start_peak`."""
        if not self.on_cpu:
            import torch

            return torch.cuda.max_memory_allocated() / 2**20
        try:
            status = Path("/proc/self/status").read_text()
        except OSError:
            import resource

            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
        return int(status.split("VmHWM:")[1].split()[0]) / 2**10


def serve(party: Party, meter: Meter, orders: Iterator[Mapping[str, Any]], say: Say) -> None:
    """Do what is asked until there is nothing more."""
    for order in orders:
        if "begin" in order:
            _in_turns(party, meter, Order(**order["begin"]), orders, say)
        elif "codes" in order:
            greedy = Order(**order["codes"])
            party.prepare(greedy)
            say({"codes": party.run(greedy, lambda count: None).tolist()})
        elif "floor" in order:
            say(_floor(party))


def _in_turns(party: Party, meter: Meter, order: Order, orders: Iterator[Mapping[str, Any]], say: Say) -> None:
    party.prepare(order)
    meter.start_peak()
    wanted, done, began_s = 1, 0, meter.now_s()

    def on_step(count: int) -> None:
        nonlocal wanted, done, began_s
        done += count
        if done < wanted:
            return
        say({"spent_s": meter.now_s() - began_s, "steps": done})
        following = next(orders, {"end": True})
        if "end" in following:
            raise EndedError
        wanted, done, began_s = following["steps"], 0, meter.now_s()

    try:
        party.run(order, on_step)
    except EndedError:
        say({"peak_mib": meter.peak_mib()})
    else:
        say({"error": f"{order.frames} frames were over before all steps were asked for"})


def _floor(party: Any) -> dict[str, float]:
    """How long reading the weights takes at least, from how fast the device copies a gigabyte."""
    import torch

    source = torch.empty(2**30, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    target.copy_(source)
    torch.cuda.synchronize()
    began_s = time.perf_counter()
    for _ in range(20):
        target.copy_(source)
    torch.cuda.synchronize()
    # Each copy reads a gigabyte and writes one.
    bytes_s = 20 * 2 * source.numel() / (time.perf_counter() - began_s)
    return {"step_bytes": party.step_bytes(), "bytes_s": bytes_s}


def main(argv: list[str]) -> int:
    name, root, size, device, threads = argv
    # What libraries print goes to stderr; stdout is for answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(answer: Mapping[str, Any]) -> None:
        print(json.dumps(answer), file=answers, flush=True)

    import torch

    from tests.bench.generation.parties import load

    torch.set_num_threads(int(threads))
    meter = Meter(device)
    meter.start_peak()
    began_s = time.process_time()
    party = load(name, Path(root), size, device)
    loaded = {"load_cpu_s": time.process_time() - began_s, "peak_mib": meter.peak_mib()}
    say({**loaded, "versions": party.versions, "machine": meter.machine()})
    serve(party, meter, (json.loads(line) for line in sys.stdin), say)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
