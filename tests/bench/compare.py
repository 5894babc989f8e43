"""`./dev bench`: netc side by side with others, and docs/benchmarks.md with what came out.

compare.py BUILD-FOLDER [--quick] [--repetitions N]

Every program is a process of its own that prints its step times as one line of JSON. For each job the programs run
in turns, again and again, so that what slows the machine for a while slows all of them.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections import namedtuple

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MNIST = os.path.join(ROOT, "examples", "data", "mnist")
PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's packages

CNN = "conv 32 3x3 relu; pool max 2x2; conv 64 3x3 relu; pool max 2x2; dense 128 relu; dense 10 softmax"
Job = namedtuple("Job", "kind network batch epochs")  # network: `cnn`, or the widths of dense layers
JOBS = [
    Job("train", "784-128-10", 32, 3),
    Job("train", "784-128-10", 128, 3),
    Job("train", "784-512-512-10", 128, 1),
    Job("train", "4-10-3", 32, 300),
    Job("train", "cnn", 64, 1),
    Job("predict", "784-128-10", 1, 0),
    Job("predict", "784-128-10", 256, 0),
]
# Microseconds; seconds; the time of a whole epoch where the program tells it, and the number of steps that it was
# worked out from where none was run.
Times = namedtuple("Times", "median p10 first_step epoch scaled_from")

ABOUT = {
    "netc": "`netc run`; the step times of its own report. Predictions: the network compiled for the batch, run over "
    "the test images by `tests/bench/predict.cpp`. netc passes over zeros in the data; four fifths of MNIST's pixels "
    "are.",
    "C++ on OpenBLAS": "`tests/bench/openblas.cpp`: plain C++, each layer's outputs shared out over the threads by hand.",
    "PyTorch": "`tests/bench/bench_torch.py`: all data in one tensor, no `DataLoader`, Adam with `foreach`; for "
    "predictions a frozen TorchScript module.",
    "PyTorch, channels_last": "The same, with images and filters in PyTorch's other layout.",
    "scikit-learn": "`tests/bench/bench_sklearn.py`: `MLPClassifier`; the time of a training step is that of an epoch by "
    "its steps.",
    "ONNX Runtime": "`tests/bench/bench_onnx.js`: onnxruntime-node, its call from Node.js included.",
}


class Bench:
    def __init__(self, build):
        self.build = build
        self.folder = os.path.join(build, "bench")
        os.makedirs(self.folder, exist_ok=True)
        self.write_tiny_data()

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def write_tiny_data(self):
        """3,200 samples of 4 bytes, as idx files."""
        count = (3200).to_bytes(4, "big")
        samples = bytes((i * 37 + i // 7) % 256 for i in range(3200 * 4))
        self.write("tiny-samples", bytes([0, 0, 8, 2]) + count + (4).to_bytes(4, "big") + samples)
        self.write("tiny-labels", bytes([0, 0, 8, 1]) + count + bytes(i % 3 for i in range(3200)))

    def net(self, job):
        data = "mnist" if uses_mnist(job) else 'idx "tiny-samples" "tiny-labels"'
        text = f"{layers(job)}\ndata {data}\ntrain {{ optimizer adam }}\n"
        return self.write(f"{job.network}.net", text.encode())

    def model(self, job):
        path = os.path.join(self.folder, f"{job.network}.onnx")
        if not os.path.exists(path):
            subprocess.run([PYTHON, os.path.join(HERE, "onnx_model.py"), job.network, path], check=True)
        return path

    def has_onnx(self):
        return os.path.isdir(os.path.join(self.folder, "node_modules", "onnxruntime-node"))

    def commands(self, job, threads):
        """The command of each program that does such a job."""
        tool = lambda name: os.path.join(self.build, "tests", "bench", name)
        line = [job.kind, job.network, str(job.batch), str(threads)]
        if uses_mnist(job):
            line.append(MNIST)
        torch = [PYTHON, os.path.join(HERE, "bench_torch.py"), *line]
        if job.network == "cnn":
            netc = self.netc(job, threads)
            return {"netc": netc, "PyTorch": torch, "PyTorch, channels_last": torch + ["channels_last"]}
        commands = {
            "netc": self.netc(job, threads),
            "C++ on OpenBLAS": [tool("bench_openblas"), *line],
            "PyTorch": torch,
            "scikit-learn": [PYTHON, os.path.join(HERE, "bench_sklearn.py"), *line],
        }
        if job.kind == "predict" and self.has_onnx():
            script = os.path.join(HERE, "bench_onnx.js")
            inputs = job.network.split("-")[0]
            commands["ONNX Runtime"] = ["node", script, self.model(job), inputs, str(job.batch), str(threads)]
        return commands

    def netc(self, job, threads):
        if job.kind == "predict":
            tool = os.path.join(self.build, "tests", "bench", "bench_predict")
            return [tool, self.net(job), str(job.batch), str(threads)]
        flags = ["--batch", str(job.batch), "--epochs", str(job.epochs), "--threads", str(threads)]
        return [os.path.join(self.build, "netc"), "run", self.net(job), *flags, "--no-save", "--json", "-"]

    def starts(self, job, repetitions, cores):
        """Seconds from netc's start to its first step, by (what it is called, threads): without its cache and with."""
        ways = {"netc, the first time (`--no-cache`)": ["--no-cache"], "netc, from then on": []}
        seconds = {}
        for threads in cores:
            command = self.netc(job, threads)
            self.measure(command, threads)  # fills the cache
            for name, flags in ways.items():
                times = [self.measure(command + flags, threads) for _ in range(repetitions)]
                seconds[name, threads] = statistics.median(time.first_step for time in times)
        return dict(sorted(seconds.items(), key=lambda row: list(ways).index(row[0][0])))

    def measure(self, command, threads):
        environment = dict(
            os.environ,
            NETC_DATA=os.path.dirname(MNIST),
            OPENBLAS_NUM_THREADS=str(threads),
            NODE_PATH=os.path.join(self.folder, "node_modules"),
        )
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"bench: `{' '.join(command)}` failed:\n{done.stderr}")
        return read_times(json.loads(done.stdout))

    def run(self, job, repetitions, cores):
        """Times of each (program, threads), medians over the repetitions."""
        runs = {}
        for _ in range(repetitions):
            for threads in cores:
                for program, command in self.commands(job, threads).items():
                    runs.setdefault((program, threads), []).append(self.measure(command, threads))
        return {key: Times(*map(middle, zip(*times))) for key, times in runs.items()}


def uses_mnist(job):
    return job.network == "cnn" or job.network.startswith("784-")


def layers(job):
    if job.network == "cnn":
        return CNN
    widths = job.network.split("-")[1:]
    return "; ".join([f"dense {width} relu" for width in widths[:-1]] + [f"dense {widths[-1]} softmax"])


def read_times(report):
    if "train" in report:  # netc's own
        steps, epochs = report["train"]["step_us"], report["train"]["epochs"]
        epoch = statistics.median(epoch["seconds"] for epoch in epochs)
        return Times(steps["median"], steps["p10"], report["first_step_seconds"], epoch, None)
    epoch, scaled_from = report.get("epoch_s"), report.get("epoch_scaled_from")
    return Times(report["median_us"], report["p10_us"], report["first_step_s"], epoch, scaled_from)


def middle(values):
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def better(results):
    """netc with each number of threads; of every other program the better one."""
    rows = []
    for program in dict.fromkeys(program for program, _ in results):
        own = [(threads, times) for (name, threads), times in results.items() if name == program]
        own.sort(key=lambda row: row[0] if program == "netc" else row[1].median)
        rows += [(program, *row) for row in (own if program == "netc" else own[:1])]
    return rows


def time_text(microseconds):
    if microseconds >= 1000:
        return f"{microseconds / 1000:.2f} ms"
    return f"{microseconds:.0f} µs" if microseconds >= 100 else f"{microseconds:.1f} µs"


def epoch_text(times):
    """Scaled ones say so: where an epoch takes long, some steps of it were run."""
    scaled = f", from {times.scaled_from:.0f} steps" if times.scaled_from else ""
    return f"{times.epoch:.2f} s{scaled}"


def table(rows, best, with_epochs):
    lines = ["| program | threads | median | p10 | times netc's median |", "|---|---|---|---|---|"]
    if with_epochs:
        lines = [lines[0] + " an epoch |", lines[1] + "---|"]
    for program, threads, times in rows:
        p10 = "" if program == "scikit-learn" and times.p10 == times.median else time_text(times.p10)
        line = f"| {program} | {threads} | {time_text(times.median)} | {p10} | {times.median / best:.2f} |"
        lines.append(f"{line} {epoch_text(times)} |" if with_epochs else line)
    return lines


def title(job):
    if job.kind == "predict":
        return f"Prediction: {job.network}, batch {job.batch}"
    network = "a convolutional network" if job.network == "cnn" else job.network
    return f"Training step: {network}, Adam, batch {job.batch}"


def start_table(starts, results):
    lines = ["| program | threads | start of the process to the first step |", "|---|---|---|"]
    rows = [(*key, seconds) for key, seconds in starts.items()]
    for program, threads, times in better(results):
        if program != "netc" and times.first_step is not None:
            rows.append((program, threads, times.first_step))
    return lines + [f"| {program} | {threads} | {seconds:.2f} s |" for program, threads, seconds in rows]


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def package(name):
    return output_of("dpkg-query", "-W", "-f", "${Version}", name)


def machine(bench):
    with open("/proc/cpuinfo") as file:
        fields = dict(line.split(":", 1) for line in file if ":" in line)
    info = {key.strip(): value.strip() for key, value in fields.items()}
    flags = info["flags"].split()
    vectors = "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "SSE2"
    virtual = ", a virtual machine" if "hypervisor" in flags else ""
    cache = lambda level: int(output_of("getconf", level) or 0) // 1024
    caches = [f"L1 {cache('LEVEL1_DCACHE_SIZE')} KB", f"L2 {cache('LEVEL2_CACHE_SIZE')} KB"]
    caches.append(f"L3 {cache('LEVEL3_CACHE_SIZE') / 1024:.0f} MB shared")
    with open("/etc/os-release") as file:
        system = dict(line.strip().split("=", 1) for line in file if "=" in line)["PRETTY_NAME"].strip('"')
    versions = [
        "netc " + output_of(os.path.join(bench.build, "netc"), "--version") + " at " + output_of("git", "-C", ROOT, "rev-parse", "--short", "HEAD"),
        f"LLVM {package('llvm-19-dev')}",
        f"g++ {output_of('g++', '-dumpfullversion')}",
        f"OpenBLAS {package('libopenblas-dev')}",
        f"PyTorch {package('python3-torch')}",
        f"scikit-learn {package('python3-sklearn')}",
    ]
    if bench.has_onnx():
        with open(os.path.join(bench.folder, "node_modules", "onnxruntime-node", "package.json")) as file:
            versions.append(f"onnxruntime-node {json.load(file)['version']} on Node.js {output_of('node', '--version')}")
    return [
        f"- {info['model name']} (family {info['cpu family']}, model {info['model']}, stepping {info['stepping']}), "
        f"{vectors}{virtual}",
        f"- {len(os.sched_getaffinity(0))} cores; {', '.join(caches)}",
        f"- {system}",
        *[f"- {version}" for version in versions],
    ]


INTRODUCTION = """# Benchmarks

Written by `./dev bench`, which installs what it needs, runs all of the programs below on your machine, and writes this
page anew; `./dev bench --quick` runs each once, and prints the page instead. Each program is a process of its own. For
each job they ran in turns (repetitions: {repetitions}); the values are medians over the repetitions of each run's median
and tenth percentile (p10). Where other programs share the machine, p10 says more. Of netc both numbers of threads are shown, of
the others the better one. Ratios are to netc's better median; above 1 is slower than netc.

`./dev bench kernels` times the single matrix products against what one core can do: see `tests/bench/kernels.cpp`.
`./dev bench convolutions` times 40 convolutions, forward and both gradients, beside oneDNN's: see
`tests/bench/convolutions.cpp`.
"""


def page(bench, results, starts, repetitions):
    lines = [INTRODUCTION.format(repetitions=repetitions), "## The machine", "", *machine(bench), ""]
    lines += ["## The programs", "", "| program | what it is |", "|---|---|"]
    programs = {program for result in results.values() for program, _ in result}
    lines += [f"| {name} | {text} |" for name, text in ABOUT.items() if name in programs]
    for job, result in results.items():
        best = min(times.median for (program, _), times in result.items() if program == "netc")
        lines += ["", f"## {title(job)}", ""]
        if job.network == "cnn":
            lines += [f"`{CNN}`, on MNIST. Where an epoch is `from` some steps,", "it was not run: it is as many times their median.", ""]
        lines += table(better(result), best, with_epochs=job.network == "cnn")
    lines += ["", "## Start", "", f"Of `{JOBS[0].network}` at batch {JOBS[0].batch}, MNIST read from its files. netc keeps compiled code"]
    lines += ["and unpacked data [for the next start](cache.md).", ""]
    lines += start_table(starts, results[JOBS[0]])
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("build", help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="each program once; the page is printed, not written")
    parser.add_argument("--repetitions", type=int, default=4)
    options = parser.parse_args()
    repetitions = 1 if options.quick else options.repetitions
    bench = Bench(os.path.abspath(options.build))
    cores = [1, 2] if len(os.sched_getaffinity(0)) > 1 else [1]
    results = {}
    for job in JOBS:
        print(f"bench: {title(job)}", file=sys.stderr)
        results[job] = bench.run(job, repetitions, cores)
    print("bench: Start", file=sys.stderr)
    starts = bench.starts(JOBS[0], repetitions, cores)
    text = page(bench, results, starts, repetitions)
    if options.quick:
        print(text)
        return
    with open(os.path.join(ROOT, "docs", "benchmarks.md"), "w") as file:
        file.write(text)


main()
