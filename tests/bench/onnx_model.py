"""Writes the network of a comparison as an ONNX model: onnx_model.py 784-128-10 FILE"""

import sys

import torch

widths = [int(width) for width in sys.argv[1].split("-")]
layers = []
for inputs, outputs in zip(widths, widths[1:]):
    layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
model = torch.nn.Sequential(*layers[:-1], torch.nn.Softmax(1)).eval()
torch.onnx.export(
    model, torch.zeros(1, widths[0]), sys.argv[2], input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "batch"}}
)
