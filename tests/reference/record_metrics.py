#!/usr/bin/python3
"""Records what scikit-learn says of predictions, for netc's tests to compare with.

    apt-get install --no-install-recommends python3-sklearn
    /usr/bin/python3 tests/reference/record_metrics.py [--out tests/reference/metrics.json]

metrics.json   for each of `cases` what a model predicts of held-out samples: `outputs`, exact in float32, one list a sample; `labels` or `targets`;
               `classes`, 0 for numbers; `metrics`, what scikit-learn's function says in float64, with null where it has no answer; for classes
               `names` and `report`, the text of classification_report with four digits.

digits, breast_cancer, wine, diabetes and linnerud are scikit-learn's own tables. The neighbours' votes on wine have many ties. `absent` is digits
with two classes removed from the labels, one of which is never predicted either; `one_class` has labels of one class alone.
"""

import argparse
import json
import pathlib
import warnings

import numpy as np
from scipy.stats import sem
from sklearn import datasets, metrics
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

BINS = 15


def number(value):
    return None if value is None or np.isnan(value) else float(value)


def over_classes(score, labels, scores, of_all):
    """A score of each class against the others, null where a class has no sample, and unless `of_all` where it has all of them."""
    parts = []
    for c in range(scores.shape[1]):
        inside = labels == c
        parts.append(score(inside, scores[:, c]) if inside.any() and (of_all or not inside.all()) else None)
    known = [p for p in parts if p is not None]
    return {"value": np.mean(known) if scores.shape[1] > 2 and known else parts[1], "parts": parts}


def calibration(labels, predicted, scores):
    """The expected calibration error from calibration_curve's bins."""
    probability = scores[np.arange(len(labels)), predicted]
    right = labels == predicted
    accuracy, confidence = calibration_curve(right, probability, n_bins=BINS)
    edges = np.linspace(0, 1, BINS + 1)
    counts = np.bincount(np.searchsorted(edges[1:-1], probability), minlength=BINS)
    return np.sum(counts[counts > 0] / len(labels) * np.abs(accuracy - confidence))


def averages(labels, predicted, classes, place):
    """Precision, recall or F1."""
    all_of = lambda **more: metrics.precision_recall_fscore_support(labels, predicted, zero_division=0, **more)[place]
    present = sorted(set(labels) | set(predicted))
    parts = [None] * classes
    for c, value in zip(present, all_of(labels=present)):
        parts[c] = value
    return {"value": all_of(average="macro"), "weighted": all_of(average="weighted"), "parts": parts}


def of_classes(name, outputs, labels, names):
    outputs = np.asarray(outputs, np.float32)
    labels = np.asarray(labels)
    scores = outputs.astype(np.float64)
    if scores.shape[1] == 1:
        scores = np.hstack([1 - scores, scores])
    classes = scores.shape[1]
    # A single output predicts the second class above one half.
    predicted = scores.argmax(axis=1) if outputs.shape[1] > 1 else (outputs[:, 0] > 0.5).astype(int)
    every = list(range(classes))
    present = sorted(set(labels) | set(predicted))
    right = labels == predicted
    recorded = {
        "accuracy": {"value": metrics.accuracy_score(labels, predicted), "standard_error": sem(right)},
        "precision": averages(labels, predicted, classes, 0),
        "recall": averages(labels, predicted, classes, 1),
        "f1": averages(labels, predicted, classes, 2),
        "auc": over_classes(metrics.roc_auc_score, labels, scores, False),
        "average_precision": over_classes(metrics.average_precision_score, labels, scores, True),
        "log_loss": {"value": metrics.log_loss(labels, scores, labels=every)},
        "perplexity": {"value": np.exp(metrics.log_loss(labels, scores, labels=every))},
        "calibration": {"value": calibration(labels, predicted, scores)},
    }
    if set(labels) == set(every) and classes > 2:
        recorded["auc"]["weighted"] = metrics.roc_auc_score(labels, scores, multi_class="ovr", average="weighted")
        assert np.isclose(recorded["auc"]["value"], metrics.roc_auc_score(labels, scores, multi_class="ovr"))
    for k in (2, 3):
        if k < classes:
            recorded[f"top_{k}"] = {"value": metrics.top_k_accuracy_score(labels, scores, k=k, labels=every)}
    report = metrics.classification_report(labels, predicted, target_names=[names[c] for c in present], digits=4,
                                           zero_division=0)
    return {"name": name, "classes": classes, "names": names, "outputs": outputs, "labels": labels, "metrics": recorded,
            "confusion": metrics.confusion_matrix(labels, predicted, labels=every), "report": report}


def of_numbers(name, outputs, targets):
    outputs = np.asarray(outputs, np.float32).reshape(len(outputs), -1)
    targets = np.asarray(targets, np.float32).reshape(outputs.shape)
    y, t = outputs.astype(np.float64), targets.astype(np.float64)
    both = lambda score, **more: {"value": score(t, y, **more), "parts": score(t, y, multioutput="raw_values", **more)}
    recorded = {
        "mse": both(metrics.mean_squared_error) | {"standard_error": sem(((y - t) ** 2).mean(axis=1))},
        "rmse": both(metrics.mean_squared_error, squared=False),
        "mae": both(metrics.mean_absolute_error) | {"standard_error": sem(np.abs(y - t).mean(axis=1))},
        "r2": both(metrics.r2_score),
    }
    return {"name": name, "classes": 0, "outputs": outputs, "targets": targets, "metrics": recorded}


def held_out(loader, model, count):
    table = loader()
    x, rest, y, target = train_test_split(table.data, table.target, test_size=count, random_state=0)
    return model.fit(x, y), rest, target, table


def cases():
    logistic = lambda **more: make_pipeline(StandardScaler(), LogisticRegression(**more))
    model, x, y, table = held_out(datasets.load_digits, logistic(C=0.001), 150)
    digits, names = model.predict_proba(x), [str(n) for n in table.target_names]
    yield of_classes("digits", digits, y, names)
    # Neither are there sevens, nor is one predicted; ones are predicted alone.
    kept = (y != 7) & (y != 1)
    without = digits[kept].copy()
    without[:, 7] = 0
    yield of_classes("absent", without / without.sum(axis=1, keepdims=True), y[kept], names)
    model, x, y, table = held_out(datasets.load_breast_cancer, logistic(), 140)
    yield of_classes("breast_cancer", model.predict_proba(x)[:, 1:], y, list(table.target_names))
    yield of_classes("one_class", model.predict_proba(x)[y == 1][:40, 1:], y[y == 1][:40], list(table.target_names))
    model, x, y, table = held_out(datasets.load_wine, KNeighborsClassifier(4), 80)
    yield of_classes("ties", model.predict_proba(x), y, list(table.target_names))
    model, x, y, table = held_out(datasets.load_diabetes, LinearRegression(), 100)
    yield of_numbers("diabetes", model.predict(x), y)
    yield of_numbers("constant", model.predict(x)[:5], [3] * 5)
    model, x, y, table = held_out(datasets.load_linnerud, LinearRegression(), 8)
    yield of_numbers("linnerud", model.predict(x), y)


def plain(value):
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (np.integer, int)):
        return int(value)
    return value if isinstance(value, str) else number(value)


def shortest(text):
    """float32 in as many digits as bring it back."""
    return json.loads(text, parse_float=lambda digits: float(str(np.float32(digits))))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "metrics.json")
    out = parser.parse_args().out
    warnings.simplefilter("ignore")
    lines = []
    for case in cases():
        case = plain(case)
        for key in ("outputs", "targets"):
            if key in case:
                case[key] = shortest(json.dumps(case[key]))
        lines.append(json.dumps(case))
    out.write_text('{"cases": [\n' + ",\n".join(lines) + "\n]}\n")


if __name__ == "__main__":
    main()
