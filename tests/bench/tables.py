"""Compares netc with scikit-learn's MLPClassifier and MLPRegressor on five tables, and says where the mean over ten
seeds stands. `--write FOLDER` writes the tables out as csv; needs Debian's python3-sklearn.

Both get the same split (a quarter for the test, stratified), the same normalized columns, one hidden layer of 100 relu,
Glorot's initializer, Adam at 0.001 (regression: 0.01), batches of 32, as many epochs, no penalty, and no early stop.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import tempfile
import warnings

TABLES = {"iris": "species", "wine": "class", "breast_cancer": "diagnosis", "digits": "digit", "diabetes": "progression"}
SEEDS = range(10)
EPOCHS = {"digits": 50, "diabetes": 50}
LAST = {"breast_cancer": "dense 1 sigmoid", "diabetes": "dense 1"}  # as scikit-learn has them


def load(name):
    """Names of columns, rows, and the target's values."""
    from sklearn import datasets

    bunch = getattr(datasets, "load_" + name)(**({"scaled": False} if name == "diabetes" else {}))
    names = [column.replace(" (cm)", "").replace(" ", "_") for column in bunch.feature_names]
    rows = [[f"{value:.6g}" for value in row] for row in bunch.data]
    if name in ("digits", "diabetes"):
        return names, rows, [f"{value:.6g}" for value in bunch.target]
    return names, rows, [str(bunch.target_names[value]) for value in bunch.target]


def write(path, names, rows, target, values):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names + [target])
        writer.writerows(row + [value] for row, value in zip(rows, values))


def of_sklearn(name, split, seed):
    import numpy
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.preprocessing import StandardScaler

    rows, test_rows, values, test_values = split
    scaler = StandardScaler().fit(numpy.array(rows, float))
    x, test_x = (scaler.transform(numpy.array(part, float)) for part in (rows, test_rows))
    settings = {"hidden_layer_sizes": (100,), "batch_size": 32, "max_iter": EPOCHS.get(name, 100), "alpha": 0, "tol": 0,
                "n_iter_no_change": 10**6, "random_state": seed}
    if name == "diabetes":
        model = MLPRegressor(learning_rate_init=0.01, **settings).fit(x, numpy.array(values, float))
        return float(numpy.mean((model.predict(test_x) - numpy.array(test_values, float)) ** 2))
    return MLPClassifier(**settings).fit(x, values).score(test_x, test_values)


def of_netc(netc, folder, name, seed):
    last = LAST.get(name, "dense classes softmax")
    rate = 0.01 if name == "diabetes" else 0.001
    with open(os.path.join(folder, "table.net"), "w") as file:
        file.write(f'data csv "train.csv" "test.csv" normalize=standard\ndense 100 relu init=glorot\n{last}\n'
                   f"train {{ optimizer adam lr={rate}; epochs {EPOCHS.get(name, 100)}; batch 32; seed {seed} }}\n")
    run = [netc, "run", os.path.join(folder, "table.net"), "--no-save", "--json", "-"]
    report = json.loads(subprocess.run(run, capture_output=True, check=True).stdout)["test"]
    return report["loss"] if name == "diabetes" else report["accuracy"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", metavar="FOLDER")
    parser.add_argument("--netc", default="build/netc")
    wanted = parser.parse_args()
    if wanted.write:
        for name, target in TABLES.items():
            names, rows, values = load(name)
            write(os.path.join(wanted.write, name + ".csv"), names, rows, target, values)
        return
    from sklearn.model_selection import train_test_split

    warnings.filterwarnings("ignore")
    print(f"{'table':<14} {'score':<20} {'netc':>18} {'scikit-learn':>18}")
    for name, target in TABLES.items():
        names, rows, values = load(name)
        stratify = None if name == "diabetes" else values
        split = train_test_split(rows, values, test_size=0.25, random_state=0, stratify=stratify)
        with tempfile.TemporaryDirectory() as folder:
            write(os.path.join(folder, "train.csv"), names, split[0], target, split[2])
            write(os.path.join(folder, "test.csv"), names, split[1], target, split[3])
            ours = [of_netc(wanted.netc, folder, name, seed) for seed in SEEDS]
        theirs = [of_sklearn(name, split, seed) for seed in SEEDS]
        score = "mean squared error" if name == "diabetes" else "accuracy"
        texts = [f"{statistics.mean(s):.5g} ± {statistics.stdev(s) / len(s) ** 0.5:.2g}" for s in (ours, theirs)]
        print(f"{name:<14} {score:<20} {texts[0]:>18} {texts[1]:>18}")


if __name__ == "__main__":
    main()
