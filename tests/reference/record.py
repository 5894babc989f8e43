#!/usr/bin/python3
"""Records what PyTorch computes, for netc's tests to compare with.

    apt-get install --no-install-recommends python3-torch
    /usr/bin/python3 tests/reference/record.py [--out tests/reference] [--mnist examples/data/mnist]

The files are the same on every run with the same PyTorch:

optimizers.json        `start` (8 parameters), `gradients` [20][8], and for each of `runs` the parameters `after` each of the 20 steps; float64.
                       The start and the gradients are exact in float32.
activations.json       at the points `x`, for each of `runs` the values `y` and the derivatives `dy` (and `d_NAME` by a learned parameter); float64.
losses.json            for each of `runs`, at predictions `y` and targets `t` the values `loss` and the derivatives `dy`; float64.
mlp_a, mlp_b           (.safetensors) ten training steps on MNIST (pixels / 255) in float32 on one thread: tensors dense_N.weight [in, out] and
                       dense_N.bias [out] before, `after.`dense_N... after the ten steps, `indices` [10, batch] into the training set and `losses` [10].
                       The metadata hold the program in netc's language.
lenet, resnet, mobilenet (.safetensors) ten training steps of small image networks on random images, computed in float64: parameters, and
                       running statistics of batchnorm, under netc's names and in netc's layouts, before and `after.` the ten steps; `gradient.`NAME of
                       the first step; `samples` [10, batch, h, w, c] and `labels` [10, batch]; `losses` [10]; `output` and `after.output`, what the
                       network predicts of the first batch before and after. The metadata hold the layers and the training settings in netc's language.

`name` and `args` of a run are those of netc's prelude. Infinities and NaN are the strings inf, -inf and nan.
"""

import argparse
import gzip
import json
import math
import pathlib
import struct

import torch
import torch.nn.functional as F

STEPS = 20
WIDTH = 8
MLP_STEPS = 10


def number(value):
    """A float as JSON can say it: infinities and NaN as strings, whole numbers without a point."""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value


def numbers(tensor):
    return [number(v) for v in tensor.detach().flatten().tolist()]


def write_json(path, head, runs):
    """One line a run, so that a difference is readable."""
    lines = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    body = ",\n".join("  " + json.dumps(run) for run in runs)
    path.write_text("{\n" + "\n".join(lines) + '\n "runs": [\n' + body + "\n ]\n}\n")


def exact_in_float32(tensor):
    return torch.round(tensor * 4096) / 4096


def record_optimizers(path):
    generator = torch.Generator().manual_seed(1)
    start = exact_in_float32(torch.randn(WIDTH, generator=generator, dtype=torch.float64))
    gradients = exact_in_float32(torch.randn(STEPS, WIDTH, generator=generator, dtype=torch.float64))
    # A parameter that has no gradient, and one whose gradients are large and then vanish.
    gradients[:, 0] = 0
    gradients[:, 1] *= 100
    gradients[5:, 1] = 0
    sgd, adam, adamw, rmsprop = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop
    kinds = [
        ("sgd", {"lr": 0.1}, sgd, {"lr": 0.1}),
        ("sgd", {"lr": 0.1, "momentum": 0.9}, sgd, {"lr": 0.1, "momentum": 0.9}),
        ("sgd", {"lr": 0.1, "momentum": 0.9, "nesterov": 1}, sgd, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
        ("adam", {"lr": 0.001}, adam, {"lr": 0.001}),
        ("adam", {"lr": 0.01, "beta1": 0.8, "beta2": 0.95, "eps": 1e-4}, adam, {"lr": 0.01, "betas": (0.8, 0.95), "eps": 1e-4}),
        ("adamw", {"lr": 0.001, "decay": 0.01}, adamw, {"lr": 0.001, "weight_decay": 0.01}),
        ("adamw", {"lr": 0.1, "decay": 0.5}, adamw, {"lr": 0.1, "weight_decay": 0.5}),
        ("rmsprop", {"lr": 0.01}, rmsprop, {"lr": 0.01}),
        ("rmsprop", {"lr": 0.01, "alpha": 0.9, "momentum": 0.9}, rmsprop, {"lr": 0.01, "alpha": 0.9, "momentum": 0.9}),
        ("rmsprop", {"lr": 0.01, "centered": 1}, rmsprop, {"lr": 0.01, "centered": True}),
    ]
    runs = []
    for name, args, kind, options in kinds:
        parameter = torch.nn.Parameter(start.clone())
        optimizer = kind([parameter], **options)
        after = []
        for gradient in gradients:
            parameter.grad = gradient.clone()
            optimizer.step()
            after.append(numbers(parameter))
        runs.append({"name": name, "args": args, "after": after})
    head = {"torch": torch.__version__, "start": numbers(start), "gradients": [numbers(g) for g in gradients]}
    write_json(path, head, runs)


def activation_points():
    """0, the kinks of all the activations and their neighbourhood, large values, infinities and NaN."""
    sizes = [1e-3, 0.01, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 3.5, 4.5, 6, 7.25, 10, 20, 30, 100, 1e4, math.inf]
    return [-s for s in reversed(sizes)] + [0.0] + sizes + [math.nan]


def activation_kinds():
    return [
        ("linear", {}, lambda x: x * 1),
        ("sigmoid", {}, torch.sigmoid),
        ("hard_sigmoid", {}, F.hardsigmoid),
        ("tanh", {}, torch.tanh),
        ("hard_tanh", {}, F.hardtanh),
        ("hard_tanh", {"min_val": -2, "max_val": 3}, lambda x: F.hardtanh(x, -2, 3)),
        ("relu", {}, F.relu),
        ("relu6", {}, F.relu6),
        ("leaky_relu", {}, F.leaky_relu),
        ("leaky_relu", {"negative_slope": 0.1}, lambda x: F.leaky_relu(x, 0.1)),
        ("elu", {}, F.elu),
        ("elu", {"alpha": 2}, lambda x: F.elu(x, 2)),
        ("selu", {}, F.selu),
        ("celu", {}, F.celu),
        ("celu", {"alpha": 0.5}, lambda x: F.celu(x, 0.5)),
        ("gelu", {}, F.gelu),
        ("gelu_tanh", {}, lambda x: F.gelu(x, approximate="tanh")),
        ("mish", {}, F.mish),
        ("swish", {}, F.silu),
        ("silu", {}, F.silu),
        ("hard_swish", {}, F.hardswish),
        ("softplus", {}, F.softplus),
        ("softplus", {"beta": 2}, lambda x: F.softplus(x, beta=2)),
        ("softsign", {}, F.softsign),
        ("exponential", {}, torch.exp),
        ("tanh_shrink", {}, F.tanhshrink),
        ("soft_shrink", {}, F.softshrink),
        ("soft_shrink", {"lambd": 0.25}, lambda x: F.softshrink(x, 0.25)),
        ("hard_shrink", {}, F.hardshrink),
        ("hard_shrink", {"lambd": 1}, lambda x: F.hardshrink(x, 1)),
        ("threshold", {}, lambda x: F.threshold(x, 1, 0)),
        ("threshold", {"threshold": 0.5, "value": -1}, lambda x: F.threshold(x, 0.5, -1)),
        ("logsigmoid", {}, F.logsigmoid),
        ("sine", {}, torch.sin),
    ]


def record_activations(path):
    points = activation_points()
    runs = []
    for name, args, function in activation_kinds():
        x = torch.tensor(points, dtype=torch.float64, requires_grad=True)
        y = function(x)
        y.backward(torch.ones_like(y))
        runs.append({"name": name, "args": args, "y": numbers(y), "dy": numbers(x.grad)})
    for slope in (0.25, -0.5):
        x = torch.tensor(points, dtype=torch.float64, requires_grad=True)
        # A slope for each point, so that each has its own derivative.
        a = torch.full_like(x, slope, requires_grad=True)
        y = F.prelu(x.unsqueeze(0), a).squeeze(0)
        y.backward(torch.ones_like(y))
        runs.append({"name": "prelu", "args": {"a": slope}, "y": numbers(y), "dy": numbers(x.grad), "d_a": numbers(a.grad)})
    write_json(path, {"torch": torch.__version__, "x": [number(p) for p in points]}, runs)


def pairs(predictions, targets):
    return [(y, t) for t in targets for y in predictions]


def hinge(y, t):
    """max(0, 1 - (2 t - 1) y)."""
    return F.margin_ranking_loss(y, torch.zeros_like(y), 2 * t - 1, margin=1, reduction="none")


def loss_kinds():
    real = pairs([-100, -2.5, -1, -0.5, -1e-3, 0, 1e-3, 0.5, 1, 1.5, 2, 100, 1e4], [-1, 0, 0.5, 1])
    share = pairs([1e-6, 1e-3, 0.25, 0.5, 0.75, 0.999], [0, 0.25, 1])
    sign = pairs([-100, -2, -1, -0.5, 0, 0.5, 1, 2, 100], [0, 1])
    count = pairs([-5, -0.5, 0, 0.5, 3, 10], [0, 1, 7])
    rate = pairs([1e-3, 0.5, 1, 3, 100], [0, 1, 7])
    return [
        ("mse", {}, real, lambda y, t: F.mse_loss(y, t, reduction="none")),
        ("mae", {}, real, lambda y, t: F.l1_loss(y, t, reduction="none")),
        ("huber", {}, real, lambda y, t: F.huber_loss(y, t, reduction="none")),
        ("huber", {"delta": 0.5}, real, lambda y, t: F.huber_loss(y, t, reduction="none", delta=0.5)),
        ("hinge", {}, sign, hinge),
        ("poisson", {}, count, lambda y, t: F.poisson_nll_loss(y, t, reduction="none")),
        ("poisson", {"log_input": 0}, rate, lambda y, t: F.poisson_nll_loss(y, t, log_input=False, reduction="none")),
        ("binary_cross_entropy", {}, share, lambda y, t: F.binary_cross_entropy(y, t, reduction="none")),
    ]


def record_losses(path):
    runs = []
    for name, args, points, function in loss_kinds():
        y = torch.tensor([p[0] for p in points], dtype=torch.float64, requires_grad=True)
        t = torch.tensor([p[1] for p in points], dtype=torch.float64)
        loss = function(y, t)
        loss.backward(torch.ones_like(loss))
        runs.append({"name": name, "args": args, "y": numbers(y), "t": numbers(t), "loss": numbers(loss), "dy": numbers(y.grad)})
    write_json(path, {"torch": torch.__version__}, runs)


def read_mnist(folder):
    def values(name, header):
        return torch.frombuffer(bytearray(gzip.decompress((folder / name).read_bytes())[header:]), dtype=torch.uint8)

    images = values("train-images-idx3-ubyte.gz", 16).reshape(-1, 784)
    return images, values("train-labels-idx1-ubyte.gz", 8).long()


def save_safetensors(path, tensors, metadata):
    header, data = {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        raw = struct.pack(f"<{tensor.numel()}f", *tensor.flatten().tolist())
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def parameters_of(linears, prefix):
    tensors = {}
    for i, linear in enumerate(linears, 1):
        tensors[f"{prefix}dense_{i}.weight"] = linear.weight.detach().t().contiguous().clone()
        tensors[f"{prefix}dense_{i}.bias"] = linear.bias.detach().clone()
    return tensors


def record_mlp(path, mnist, sizes, activations, optimizer, batch, program, seed):
    images, labels = mnist
    torch.manual_seed(seed)
    linears = [torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]
    updates = optimizer([p for linear in linears for p in linear.parameters()])
    indices = torch.randperm(len(labels))[: MLP_STEPS * batch].reshape(MLP_STEPS, batch)
    tensors = parameters_of(linears, "")
    losses = []
    for rows in indices:
        x = images[rows].float() / 255
        for linear, activation in zip(linears, activations):
            x = activation(linear(x))
        loss = F.cross_entropy(x, labels[rows])
        updates.zero_grad()
        loss.backward()
        updates.step()
        losses.append(loss.item())
    tensors["indices"] = indices.float()
    tensors["losses"] = torch.tensor(losses)
    tensors.update(parameters_of(linears, "after."))
    save_safetensors(path, tensors, {"torch": torch.__version__, "program": program})


class ImageNet(torch.nn.Module):
    """A network of named parts: `parts` have netc's names, so that their tensors can be recorded under them."""

    def __init__(self, **parts):
        super().__init__()
        self.parts = torch.nn.ModuleDict(parts)

    def __getattr__(self, name):
        try:
            return super().__getattr__(name)
        except AttributeError:
            return super().__getattr__("parts")[name]


def conv(*sizes, **options):
    return torch.nn.Conv2d(*sizes, **options)


class LeNet(ImageNet):
    layers = """conv 4 5x5 pad=same tanh
pool avg 2x2
conv 6 3x3 relu
pool max 2x2
dense 12 tanh
dense 4 softmax
"""
    train_settings = "train { optimizer adam lr=0.01; batch 5 }\n"

    def __init__(self):
        super().__init__(conv_1=conv(2, 4, 5, padding=2), conv_2=conv(4, 6, 3), dense_1=torch.nn.Linear(24, 12), dense_2=torch.nn.Linear(12, 4))

    def optimizer(self):
        return torch.optim.Adam(self.parameters(), lr=0.01)

    def forward(self, x):
        x = F.avg_pool2d(torch.tanh(self.conv_1(x)), 2)
        x = F.max_pool2d(torch.relu(self.conv_2(x)), 2)
        # netc's images have channels last.
        x = torch.tanh(self.dense_1(x.permute(0, 2, 3, 1).flatten(1)))
        return self.dense_2(x)


class ResNet(ImageNet):
    layers = """conv 5 3x3 pad=same
batchnorm relu
residual { conv 5 3x3 pad=same; batchnorm relu; conv 5 3x3 pad=same; batchnorm } relu
branch add { conv 6 3x3 stride=2 pad=1; batchnorm } { conv 6 1x1 stride=2 } relu
pool max 3x3 stride=2 pad=1
global_pool avg
dense 4 softmax
"""
    train_settings = "train { optimizer sgd lr=0.05 momentum=0.9; batch 5 }\n"

    def __init__(self):
        super().__init__(
            conv_1=conv(2, 5, 3, padding=1), batchnorm_1=torch.nn.BatchNorm2d(5),
            conv_2=conv(5, 5, 3, padding=1), batchnorm_2=torch.nn.BatchNorm2d(5),
            conv_3=conv(5, 5, 3, padding=1), batchnorm_3=torch.nn.BatchNorm2d(5),
            conv_4=conv(5, 6, 3, stride=2, padding=1), batchnorm_4=torch.nn.BatchNorm2d(6),
            conv_5=conv(5, 6, 1, stride=2), dense_1=torch.nn.Linear(6, 4))

    def optimizer(self):
        return torch.optim.SGD(self.parameters(), lr=0.05, momentum=0.9)

    def forward(self, x):
        x = torch.relu(self.batchnorm_1(self.conv_1(x)))
        y = torch.relu(self.batchnorm_2(self.conv_2(x)))
        x = torch.relu(x + self.batchnorm_3(self.conv_3(y)))
        x = torch.relu(self.batchnorm_4(self.conv_4(x)) + self.conv_5(x))
        x = F.max_pool2d(x, 3, stride=2, padding=1)
        return self.dense_1(x.mean((2, 3)))


class MobileNet(ImageNet):
    layers = """conv 6 3x3 stride=2 pad=1
groupnorm 3 relu6
depthwise 3x3 pad=same
groupnorm 2 hard_swish
conv 8 3x3 dilation=2 pad=same groups=2
layernorm swish
separable 8 3x3 pad=1 relu
branch concat { conv 4 1x1 relu } { pool avg 3x3 stride=1 pad=1 }
conv_transpose 4 2x2 stride=2 tanh
global_pool max
dense 4 softmax
"""
    train_settings = "train { optimizer adam lr=0.003; batch 5 }\n"

    def __init__(self):
        super().__init__(
            conv_1=conv(2, 6, 3, stride=2, padding=1), groupnorm_1=torch.nn.GroupNorm(3, 6),
            depthwise_1=conv(6, 6, 3, padding=1, groups=6), groupnorm_2=torch.nn.GroupNorm(2, 6),
            conv_2=conv(6, 8, 3, padding=2, dilation=2, groups=2), layernorm_1=torch.nn.LayerNorm(8),
            separable_1=torch.nn.ModuleDict({"depthwise": conv(8, 8, 3, padding=1, groups=8, bias=False), "pointwise": conv(8, 8, 1)}),
            conv_3=conv(8, 4, 1), conv_transpose_1=torch.nn.ConvTranspose2d(12, 4, 2, stride=2), dense_1=torch.nn.Linear(4, 4))

    def optimizer(self):
        return torch.optim.Adam(self.parameters(), lr=0.003)

    def forward(self, x):
        x = F.relu6(self.groupnorm_1(self.conv_1(x)))
        x = F.hardswish(self.groupnorm_2(self.depthwise_1(x)))
        x = self.conv_2(x).permute(0, 2, 3, 1)
        x = F.silu(self.layernorm_1(x)).permute(0, 3, 1, 2)
        x = torch.relu(self.separable_1["pointwise"](self.separable_1["depthwise"](x)))
        x = torch.cat([torch.relu(self.conv_3(x)), F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)], 1)
        x = torch.tanh(self.conv_transpose_1(x))
        return self.dense_1(x.amax((2, 3)))


def in_netc_layout(module, name, tensor):
    if name != "weight":
        return tensor
    if isinstance(module, torch.nn.Linear):
        return tensor.t()
    if isinstance(module, torch.nn.ConvTranspose2d):
        return tensor.permute(2, 3, 0, 1)
    return tensor.permute(2, 3, 1, 0) if isinstance(module, torch.nn.Conv2d) else tensor


def netc_tensors(net, prefix, gradients=False):
    tensors = {}

    def add(module, name, kind, tensor):
        if tensor.dtype == torch.float64:
            tensors[prefix + name] = in_netc_layout(module, kind, tensor.detach()).contiguous().clone()

    for part, module in net.parts.items():
        for owner, inner in module.items() if isinstance(module, torch.nn.ModuleDict) else [("", module)]:
            for kind, parameter in inner.named_parameters():
                # A separable convolution has two weights, called by their kind, and one bias.
                name = owner if owner and kind == "weight" else kind
                add(inner, f"{part}.{name}", kind, parameter.grad if gradients else parameter)
            if not gradients:
                for kind, buffer in inner.named_buffers():
                    add(inner, f"{part}.{kind}", kind, buffer)
    return tensors


def record_images(path, kind, seed, batch=5, size=(9, 10), channels=2, classes=4):
    torch.manual_seed(seed)
    net = kind().double()
    samples = torch.randint(0, 256, (MLP_STEPS, batch, *size, channels))
    labels = torch.randint(0, classes, (MLP_STEPS, batch))
    images = (samples.double() / 255).permute(0, 1, 4, 2, 3)

    def predict():
        net.eval()
        with torch.no_grad():
            return torch.softmax(net(images[0]), 1)

    tensors = {"samples": samples, "labels": labels, "output": predict(), **netc_tensors(net, "")}
    net.train()
    updates, losses = net.optimizer(), []
    for step in range(MLP_STEPS):
        loss = F.cross_entropy(net(images[step]), labels[step])
        updates.zero_grad()
        loss.backward()
        if step == 0:
            tensors.update(netc_tensors(net, "gradient.", gradients=True))
        updates.step()
        losses.append(loss.item())
    tensors.update(netc_tensors(net, "after."))
    tensors["after.output"] = predict()
    tensors["losses"] = torch.tensor(losses)
    save_safetensors(path, tensors, {"torch": torch.__version__, "layers": kind.layers, "train": kind.train_settings})


def main():
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="Records what PyTorch computes, for netc's tests to compare with.")
    parser.add_argument("--out", type=pathlib.Path, default=here, help="folder to write to")
    parser.add_argument("--mnist", type=pathlib.Path, default=here.parent.parent / "examples" / "data" / "mnist", help="folder of the .gz files")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    record_optimizers(args.out / "optimizers.json")
    record_activations(args.out / "activations.json")
    record_losses(args.out / "losses.json")
    mnist = read_mnist(args.mnist)
    same = lambda x: x
    record_mlp(args.out / "mlp_a.safetensors", mnist, [784, 32, 10], [torch.relu, same], lambda p: torch.optim.Adam(p, lr=0.001), 32,
               "dense 32 relu; dense 10 softmax\ntrain { optimizer adam lr=0.001; batch 32 }\n", seed=1)
    record_mlp(args.out / "mlp_b.safetensors", mnist, [784, 24, 17, 10], [torch.tanh, F.gelu, same],
               lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9), 20,
               "dense 24 tanh; dense 17 gelu; dense 10 softmax\ntrain { optimizer sgd lr=0.05 momentum=0.9; batch 20 }\n", seed=2)
    record_images(args.out / "lenet.safetensors", LeNet, seed=3, size=(12, 12))
    record_images(args.out / "resnet.safetensors", ResNet, seed=4)
    record_images(args.out / "mobilenet.safetensors", MobileNet, seed=5)


if __name__ == "__main__":
    main()
