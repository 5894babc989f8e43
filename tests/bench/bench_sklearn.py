"""scikit-learn's step times: bench_sklearn.py train|predict 784-128-10 BATCH THREADS [DATA-FOLDER]

MLPClassifier times no single steps: a training time is that of `fit` for one epoch, by its steps.
"""

import sys
import time
import warnings

import numpy
from sklearn.neural_network import MLPClassifier

from bench_data import load, print_times, seconds_since_start, steps

STEPS = 300


def main(job, widths, batch, threads, folder=""):
    del threads  # set from outside: OPENBLAS_NUM_THREADS
    warnings.simplefilter("ignore")  # one epoch is not enough to converge
    widths, batch = [int(width) for width in widths.split("-")], int(batch)
    x, y = load(folder, widths[0], widths[-1])
    model = MLPClassifier(widths[1:-1], batch_size=batch, max_iter=1, random_state=1)
    model.partial_fit(x[:batch], y[:batch], numpy.arange(widths[-1]))
    first = seconds_since_start()
    if job == "predict":
        starts = range(0, len(x) - batch, batch)
        print_times(steps(lambda start: model.predict_proba(x[start : start + batch]), starts)[0], None)
        return
    count = min(STEPS, len(x) // batch)
    model = MLPClassifier(widths[1:-1], batch_size=batch, max_iter=1, random_state=1, alpha=0)
    x, y = x[: count * batch], y[: count * batch]
    start = time.perf_counter()
    model.fit(x, y)
    print_times([(time.perf_counter() - start) * 1e6 / count], first)


main(*sys.argv[1:])
