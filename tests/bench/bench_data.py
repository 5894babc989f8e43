"""What the Python programs of the comparison share: the data, and the timing of steps."""

import gzip
import json
import os
import time

import numpy

SECONDS = 1.0  # of steps to time


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


def print_times(times, first_step):
    times = sorted(times)
    print(
        json.dumps(
            {"median_us": times[len(times) // 2], "p10_us": times[len(times) // 10], "first_step_s": first_step}
        )
    )
