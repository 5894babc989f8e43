"""What the Python programs of the comparison share: the data, and the timing of steps."""

import gzip
import json
import os
import time

import numpy

SECONDS = 1.0  # of steps to time
LONGEST_EPOCH = 20.0  # seconds; longer ones are not run


def load(folder, inputs, outputs):
    """Samples as floats from 0 to 1, and labels."""
    if not folder:
        random = numpy.random.default_rng(1)
        return random.random((3200, inputs), numpy.float32), random.integers(0, outputs, 3200)

    def unpacked(name, header):
        with gzip.open(os.path.join(folder, name)) as file:
            return numpy.frombuffer(file.read(), numpy.uint8, offset=header)

    samples = unpacked("train-images-idx3-ubyte.gz", 16).reshape(-1, inputs).astype(numpy.float32) / 255
    return samples, unpacked("train-labels-idx1-ubyte.gz", 8).astype(numpy.int64)


def seconds_since_start():
    """Of this process, to 10 ms."""
    with open("/proc/self/stat") as file:
        ticks = int(file.read().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def steps(step, batches):
    """Microseconds of each step, over the batches again and again; and when the first one was done."""
    times, first = [], None
    start = before = time.perf_counter()
    while True:
        for batch in batches:
            step(batch)
            now = time.perf_counter()
            first = first or seconds_since_start()
            times.append((now - before) * 1e6)
            before = time.perf_counter()
            if now - start > SECONDS:
                return times, first


def epoch(step, batches, times):
    """Seconds of an epoch: of one that is run, or from the median of the steps' times where that would take long."""
    seconds = sorted(times)[len(times) // 2] * len(batches) / 1e6
    if seconds > LONGEST_EPOCH:
        return {"epoch_s": seconds, "epoch_scaled_from": len(times)}
    start = time.perf_counter()
    for batch in batches:
        step(batch)
    return {"epoch_s": time.perf_counter() - start}


def print_times(times, first_step, more={}):
    times = sorted(times)
    known = {"median_us": times[len(times) // 2], "p10_us": times[len(times) // 10], "first_step_s": first_step}
    print(json.dumps({**known, **more}))
