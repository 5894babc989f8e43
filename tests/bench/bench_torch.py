"""PyTorch's step times: bench_torch.py train|predict 784-128-10|cnn BATCH THREADS [DATA-FOLDER [channels_last]]

The data is one tensor, and a batch is a row of indices into it. Adam updates all parameters in one call
(`foreach`). Predictions come from a frozen TorchScript module. Without a folder the data is random. Of `cnn`, the
convolutional network of the comparison, the time of an epoch is printed, too; with `channels_last` its images and
filters have their channels side by side in memory.
"""

import sys

import torch

from bench_data import epoch, load, print_times, steps


def convolutional():
    return torch.nn.Sequential(
        *[torch.nn.Conv2d(1, 32, 3), torch.nn.ReLU(), torch.nn.MaxPool2d(2)],
        *[torch.nn.Conv2d(32, 64, 3), torch.nn.ReLU(), torch.nn.MaxPool2d(2)],
        *[torch.nn.Flatten(), torch.nn.Linear(1600, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)],
    )


def dense(widths):
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


def main(job, network, batch, threads, folder="", layout="contiguous_format"):
    torch.set_num_threads(int(threads))
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    images, batch = network == "cnn", int(batch)
    widths = [784, 10] if images else [int(width) for width in network.split("-")]
    samples, labels = load(folder, widths[0], widths[-1])
    x, y = torch.from_numpy(samples), torch.from_numpy(labels)
    model = dense(widths)
    if images:
        x = x.view(-1, 1, 28, 28)
        model = convolutional().to(memory_format=getattr(torch, layout))
    if job == "train":
        order = torch.randperm(len(x)).split(batch)
        step = training(model, x, y)
        times, first_step = steps(step, order)
        print_times(times, first_step, epoch(step, order, times) if images else {})
    else:
        with torch.inference_mode():
            starts = [[i] for i in range(0, len(x) - batch, batch)]
            print_times(*steps(prediction(model, x, batch), starts))


main(*sys.argv[1:])
