"""PyTorch's step times: bench_torch.py train|predict 784-128-10 BATCH THREADS [DATA-FOLDER]

The data is one tensor, and a batch is a row of indices into it. Adam updates all parameters in one call
(`foreach`). Predictions come from a frozen TorchScript module. Without a folder the data is random.
"""

import sys

import torch

from bench_data import load, print_times, steps


def network(widths):
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def training(model, x, y):
    optimizer = torch.optim.Adam(model.parameters(), foreach=True)
    loss_of = torch.nn.CrossEntropyLoss()

    def step(rows):
        optimizer.zero_grad(set_to_none=True)
        loss_of(model(x[rows]), y[rows]).backward()
        optimizer.step()

    return step


def prediction(model, x, batch):
    model = torch.nn.Sequential(model, torch.nn.Softmax(1)).eval()
    frozen = torch.jit.freeze(torch.jit.trace(model, x[:batch]))
    return lambda rows: frozen(x[rows[0] : rows[0] + batch])


def main(job, widths, batch, threads, folder=""):
    torch.set_num_threads(int(threads))
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    widths, batch = [int(width) for width in widths.split("-")], int(batch)
    samples, labels = load(folder, widths[0], widths[-1])
    x, y = torch.from_numpy(samples), torch.from_numpy(labels)
    model = network(widths)
    if job == "train":
        order = torch.randperm(len(x))[: len(x) // batch * batch].view(-1, batch)
        print_times(*steps(training(model, x, y), order))
    else:
        with torch.inference_mode():
            starts = [[i] for i in range(0, len(x) - batch, batch)]
            print_times(*steps(prediction(model, x, batch), starts))


main(*sys.argv[1:])
