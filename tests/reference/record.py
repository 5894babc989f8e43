#!/usr/bin/python3
"""Records what PyTorch computes, for netc's tests to compare with.

    apt-get install --no-install-recommends python3-torch
    /usr/bin/python3 tests/reference/record.py [--out tests/reference] [--mnist examples/data/mnist]

The files are the same on every run with the same PyTorch:

optimizers.json        `start` (8 parameters), `gradients` [20][8], and for each of `runs` the parameters `after` each of the 20 steps; float64.
                       The start and the gradients are exact in float32.
activations.json       at the points `x`, for each of `runs` the values `y` and the derivatives `dy` (and `d_NAME` by a learned parameter); float64.
losses.json            for each of `runs`, at predictions `y` and targets `t` the values `loss` and the derivatives `dy`; float64.
steps.json             ten training steps of a small network (dense 5 tanh; dense 3 or 1) with each loss, optimizer, schedule and way to regularize,
                       computed in float64: `samples` [10][8][6] of bytes, `labels` by kind, `start` by the number of outputs; for each of `runs` the
                       program in netc's language, the kind of labels, the `losses` of the ten steps, and the tensors `after` them.
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


class NAdam(torch.optim.Optimizer):
    """As PyTorch 2's torch.optim.NAdam documents it. That of 1.13 multiplies the next product of momenta by one momentum too many, and keeps the
    product in float32."""

    def __init__(self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "momentum_decay": momentum_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for w in group["params"]:
                state = self.state[w]
                t = state["step"] = state.get("step", 0) + 1
                m = state.setdefault("m", torch.zeros_like(w))
                v = state.setdefault("v", torch.zeros_like(w))
                mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (i * group["momentum_decay"])) for i in (t, t + 1))
                product = state["product"] = state.get("product", 1) * mu
                m.mul_(beta1).add_((1 - beta1) * w.grad)
                v.mul_(beta2).add_((1 - beta2) * w.grad**2)
                step = (1 - mu) / (1 - product) * w.grad + mu_next / (1 - product * mu_next) * m
                w.sub_(group["lr"] * step / (torch.sqrt(v / (1 - beta2**t)) + group["eps"]))


class Lion(torch.optim.Optimizer):
    """Chen et al. 2023, Symbolic Discovery of Optimization Algorithms (arXiv 2302.06675), algorithm 2. PyTorch has none."""

    def __init__(self, params, lr=1e-4, beta1=0.9, beta2=0.99, decay=0):
        super().__init__(params, {"lr": lr, "beta1": beta1, "beta2": beta2, "decay": decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for w in group["params"]:
                m = self.state[w].setdefault("m", torch.zeros_like(w))
                update = torch.sign(group["beta1"] * m + (1 - group["beta1"]) * w.grad)
                w.sub_(group["lr"] * (update + group["decay"] * w))
                m.mul_(group["beta2"]).add_((1 - group["beta2"]) * w.grad)


class Lamb(torch.optim.Optimizer):
    """You et al. 2020, Large Batch Optimization for Deep Learning (arXiv 1904.00962v5), algorithm 2 with phi(z) = z. PyTorch has none."""

    def __init__(self, params, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-6, decay=0):
        super().__init__(params, {"lr": lr, "beta1": beta1, "beta2": beta2, "eps": eps, "decay": decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for w in group["params"]:
                state = self.state[w]
                state["step"] = state.get("step", 0) + 1
                m = state.setdefault("m", torch.zeros_like(w))
                v = state.setdefault("v", torch.zeros_like(w))
                m.mul_(group["beta1"]).add_((1 - group["beta1"]) * w.grad)
                v.mul_(group["beta2"]).add_((1 - group["beta2"]) * w.grad**2)
                m_hat = m / (1 - group["beta1"] ** state["step"])
                v_hat = v / (1 - group["beta2"] ** state["step"])
                r = m_hat / (torch.sqrt(v_hat) + group["eps"]) + group["decay"] * w
                sizes = torch.linalg.norm(w), torch.linalg.norm(r)
                trust = sizes[0] / sizes[1] if sizes[0] > 0 and sizes[1] > 0 else 1
                w.sub_(group["lr"] * trust * r)


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
    kinds += [
        ("nadam", {}, NAdam, {}),
        ("nadam", {"lr": 0.1, "beta1": 0.8, "beta2": 0.95, "momentum_decay": 0.1}, NAdam,
         {"lr": 0.1, "betas": (0.8, 0.95), "momentum_decay": 0.1}),
        ("adagrad", {}, torch.optim.Adagrad, {}),
        ("adagrad", {"lr": 0.1, "lr_decay": 0.2, "eps": 0.01}, torch.optim.Adagrad, {"lr": 0.1, "lr_decay": 0.2, "eps": 0.01}),
        ("adadelta", {}, torch.optim.Adadelta, {}),
        ("adadelta", {"lr": 0.5, "rho": 0.8, "eps": 1e-3}, torch.optim.Adadelta, {"lr": 0.5, "rho": 0.8, "eps": 1e-3}),
        ("lion", {"lr": 0.01}, Lion, {"lr": 0.01}),
        ("lion", {"lr": 0.1, "beta1": 0.8, "beta2": 0.9, "decay": 0.5}, Lion, {"lr": 0.1, "beta1": 0.8, "beta2": 0.9, "decay": 0.5}),
        ("lamb", {"lr": 0.01}, Lamb, {"lr": 0.01}),
        ("lamb", {"lr": 0.1, "beta1": 0.8, "beta2": 0.9, "decay": 0.5}, Lamb, {"lr": 0.1, "beta1": 0.8, "beta2": 0.9, "decay": 0.5}),
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


def log_cosh(y, t):
    return torch.log(torch.cosh(y - t))


def kl(y, t):
    return F.kl_div(torch.log(y), t, reduction="none")


def focal(y, t, gamma=2, alpha=0.25):
    """keras.losses.CategoricalFocalCrossentropy for one class, without clipping: alpha (1 - y)^gamma times the cross-entropy."""
    return -alpha * (1 - y) ** gamma * t * torch.log(y)


def binary_focal(y, t, gamma=2, alpha=0.25):
    """torchvision.ops.sigmoid_focal_loss, of the probability."""
    p_t = y * t + (1 - y) * (1 - t)
    return (alpha * t + (1 - alpha) * (1 - t)) * (1 - p_t) ** gamma * F.binary_cross_entropy(y, t, reduction="none")


def smooth_bce(y, t, smoothing=0.1):
    """keras.losses.BinaryCrossentropy: the target is t (1 - s) + s / 2."""
    return F.binary_cross_entropy(y, t * (1 - smoothing) + 0.5 * smoothing, reduction="none")


def loss_kinds():
    real = pairs([-100, -2.5, -1, -0.5, -1e-3, 0, 1e-3, 0.5, 1, 1.5, 2, 100, 1e4], [-1, 0, 0.5, 1])
    share = pairs([1e-6, 1e-3, 0.25, 0.5, 0.75, 0.999], [0, 0.25, 1])
    hard = pairs([1e-6, 1e-3, 0.25, 0.5, 0.75, 0.999], [0, 1])
    near = pairs([-10, -2.5, -1, -0.5, 0, 0.5, 1, 3], [-1, 0, 0.5, 1])
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
        ("binary_cross_entropy", {"label_smoothing": 0.1}, share, smooth_bce),
        ("log_cosh", {}, near, log_cosh),
        ("kl", {}, share, kl),
        ("focal", {}, share, focal),
        ("focal", {"gamma": 1.5, "alpha": 1}, share, lambda y, t: focal(y, t, 1.5, 1)),
        ("binary_focal", {}, hard, binary_focal),
        ("binary_focal", {"gamma": 3, "alpha": 0.5}, hard, lambda y, t: binary_focal(y, t, 3, 0.5)),
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


class SmallNet(torch.nn.Module):
    def __init__(self, start):
        super().__init__()
        self.tensors = torch.nn.ParameterDict({name.replace(".", "_"): torch.nn.Parameter(torch.tensor(v, dtype=torch.float64)) for name, v in start.items()})

    def forward(self, x):
        t = self.tensors
        return torch.tanh(x @ t["dense_1_weight"] + t["dense_1_bias"]) @ t["dense_2_weight"] + t["dense_2_bias"]

    def weights(self):
        return [p for p in self.parameters() if p.dim() > 1]


def class_losses():
    """Name, head, labels, and the mean loss of what the last layer makes before its activation."""
    one_hot = lambda t: F.one_hot(t, 3).double()
    weights = torch.tensor([0.5, 2, 1], dtype=torch.float64)
    single = lambda f: lambda z, t: f(z[:, 0], t.double()).mean()
    share = lambda f: lambda z, t: f(torch.sigmoid(z[:, 0]), t.double()).mean()
    spread = lambda f: lambda z, t: f(torch.softmax(z, 1), one_hot(t)).sum(1).mean()
    return [
        ("cross_entropy", "softmax", "classes", F.cross_entropy),
        ("cross_entropy label_smoothing=0.1", "softmax", "classes", lambda z, t: F.cross_entropy(z, t, label_smoothing=0.1)),
        # Keras weighs samples, and divides by their number; PyTorch's mean would divide by the weights.
        ("cross_entropy; class_weight 0.5 2 1", "softmax", "classes", lambda z, t: (weights[t] * F.cross_entropy(z, t, reduction="none")).mean()),
        ("kl", "softmax", "classes", spread(lambda y, t: torch.where(t > 0, kl(y, t), torch.zeros_like(y)))),
        ("focal", "softmax", "classes", spread(focal)),
        ("binary_cross_entropy", "sigmoid", "two", share(lambda y, t: F.binary_cross_entropy(y, t, reduction="none"))),
        ("binary_cross_entropy label_smoothing=0.1", "sigmoid", "two", share(smooth_bce)),
        ("binary_cross_entropy; class_weight 0.5 2", "sigmoid", "two", lambda z, t: (weights[t] * F.binary_cross_entropy_with_logits(z[:, 0], t.double(), reduction="none")).mean()),
        ("binary_focal", "sigmoid", "two", share(binary_focal)),
        ("hinge", "", "two", single(hinge)),
        ("mse", "", "real", single(lambda y, t: F.mse_loss(y, t, reduction="none"))),
        ("mae", "", "real", single(lambda y, t: F.l1_loss(y, t, reduction="none"))),
        ("huber delta=0.5", "", "real", single(lambda y, t: F.huber_loss(y, t, reduction="none", delta=0.5))),
        ("log_cosh", "", "real", single(log_cosh)),
        ("poisson", "", "real", single(lambda y, t: F.poisson_nll_loss(y, t, reduction="none"))),
    ]


def step_optimizers():
    o = torch.optim
    return [
        ("sgd lr=0.5 momentum=0.9 nesterov", lambda p: o.SGD(p, lr=0.5, momentum=0.9, nesterov=True)),
        ("adam", lambda p: o.Adam(p)),
        # decay skips biases.
        ("adamw lr=0.01 decay=0.5", lambda p: o.AdamW([{"params": [w for w in p if w.dim() > 1], "weight_decay": 0.5},
                                                       {"params": [w for w in p if w.dim() == 1], "weight_decay": 0}], lr=0.01)),
        ("nadam", NAdam),
        ("rmsprop", lambda p: o.RMSprop(p)),
        ("adagrad lr=0.1", lambda p: o.Adagrad(p, lr=0.1)),
        ("adadelta", lambda p: o.Adadelta(p)),
        ("lion lr=0.01", lambda p: Lion(p, lr=0.01)),
        ("lamb lr=0.05", lambda p: Lamb(p, lr=0.05)),
    ]


def step_schedules():
    """Ten steps, two an epoch: what is stepped after every update or every second one."""
    s = torch.optim.lr_scheduler
    return [
        ("step(0.5, every=2, factor=0.3)", 2, lambda o: s.StepLR(o, 2, 0.3)),
        ("exponential(0.5, factor=0.8)", 2, lambda o: s.ExponentialLR(o, 0.8)),
        ("cosine(0.5, end=0.05)", 1, lambda o: s.CosineAnnealingLR(o, 10, 0.05)),
        ("one_cycle(0.5)", 1, lambda o: s.OneCycleLR(o, 0.5, total_steps=10, cycle_momentum=False)),
        ("one_cycle(0.5, peak=0.45, div=10, final_div=100)", 1,
         lambda o: s.OneCycleLR(o, 0.5, total_steps=10, pct_start=0.45, div_factor=10, final_div_factor=100, cycle_momentum=False)),
        ("warmup(0.5, steps=5)", 1, lambda o: s.LinearLR(o, start_factor=0.2, total_iters=4)),
    ]


def run_steps(data, name, program, labels, loss_of, optimizer, every=1, schedule=None, penalty=None, clip=None, average=None):
    outputs = 3 if labels == "classes" else 1
    net = SmallNet(data["start"][str(outputs)])
    updates = optimizer(list(net.parameters()))
    scheduler = schedule(updates) if schedule else None
    averaged = torch.optim.swa_utils.AveragedModel(net, avg_fn=average) if average else None
    losses = []
    for step in range(MLP_STEPS):
        x = torch.tensor(data["samples"][step], dtype=torch.float64) / 255
        loss = loss_of(net(x), torch.tensor(data["labels"][labels][step]))
        losses.append(loss.item())
        updates.zero_grad()
        (loss + penalty(net) if penalty else loss).backward()
        if clip:
            clip(list(net.parameters()))
        updates.step()
        if averaged:
            averaged.update_parameters(net)
        if scheduler and (step + 1) % every == 0:
            scheduler.step()
    after = {name: numbers_of(net.tensors[name.replace(".", "_")]) for name in data["start"]["1"]}
    if averaged:
        after.update({name + ".moving-average": numbers_of(averaged.module.tensors[name.replace(".", "_")]) for name in data["start"]["1"]})
    return {"name": name, "program": program, "labels": labels, "losses": losses, "after": after}


def numbers_of(tensor):
    return tensor.detach().flatten().tolist()


def record_steps(path):
    generator = torch.Generator().manual_seed(6)
    start = {}
    for outputs in (3, 1):
        shapes = {"dense_1.weight": (6, 5), "dense_1.bias": (5,), "dense_2.weight": (5, outputs), "dense_2.bias": (outputs,)}
        start[str(outputs)] = {name: exact_in_float32(torch.randn(shape, generator=generator, dtype=torch.float64)).tolist() for name, shape in shapes.items()}
    labels = {kind: torch.randint(0, count, (MLP_STEPS, 8), generator=generator).tolist() for kind, count in (("classes", 3), ("two", 2), ("real", 4))}
    data = {"samples": torch.randint(0, 256, (MLP_STEPS, 8, 6), generator=generator).tolist(), "labels": labels, "start": start}

    def program(train, activation="softmax", outputs=3):
        return f"dense 5 tanh; dense {outputs} {activation}\ntrain {{ batch 8; {train} }}\n"

    sgd = lambda p: torch.optim.SGD(p, lr=0.5)
    runs = []
    for loss, activation, kind, function in class_losses():
        # Real targets are large: a faster rate would make small differences great.
        rate = 0.05 if kind == "real" else 0.5
        text = program(f"optimizer sgd lr={rate}; loss {loss}", activation, 3 if kind == "classes" else 1)
        runs.append(run_steps(data, "loss " + loss, text, kind, function, lambda p: torch.optim.SGD(p, lr=rate)))
    for text, optimizer in step_optimizers():
        runs.append(run_steps(data, "optimizer " + text, program("optimizer " + text), "classes", F.cross_entropy, optimizer))
    for text, every, schedule in step_schedules():
        runs.append(run_steps(data, "schedule " + text, program(f"optimizer sgd lr={text}"), "classes", F.cross_entropy, sgd, every, schedule))
    clip = torch.nn.utils
    regularized = [
        ("l2 0.05", {"penalty": lambda net: sum(0.05 * (w**2).sum() for w in net.weights())}),
        ("l1 0.05", {"penalty": lambda net: sum(0.05 * w.abs().sum() for w in net.weights())}),
        ("clip norm=0.1", {"clip": lambda p: clip.clip_grad_norm_(p, 0.1)}),
        ("clip value=0.02", {"clip": lambda p: clip.clip_grad_value_(p, 0.02)}),
        ("l2 0.05; clip norm=0.1", {"penalty": lambda net: sum(0.05 * (w**2).sum() for w in net.weights()), "clip": lambda p: clip.clip_grad_norm_(p, 0.1)}),
        ("ema 0.9", {"average": lambda mean, new, count: 0.9 * mean + (1 - 0.9) * new}),
        ("shards 2", {}),
        ("shards 4; l2 0.05; clip norm=0.1", {"penalty": lambda net: sum(0.05 * (w**2).sum() for w in net.weights()), "clip": lambda p: clip.clip_grad_norm_(p, 0.1)}),
    ]
    for text, options in regularized:
        runs.append(run_steps(data, text, program("optimizer sgd lr=0.5; " + text), "classes", F.cross_entropy, sgd, **options))
    per_layer = "dense 5 tanh l2=0.1; dense 3 softmax l1=0.02\ntrain { batch 8; optimizer sgd lr=0.5; l2 0.01 }\n"
    own = lambda net: (0.1 * (net.weights()[0] ** 2).sum() + 0.02 * net.weights()[1].abs().sum() + 0.01 * (net.weights()[1] ** 2).sum())
    runs.append(run_steps(data, "l1 and l2 of layers", per_layer, "classes", F.cross_entropy, sgd, penalty=own))
    write_json(path, {"torch": torch.__version__, **data}, runs)


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
    record_steps(args.out / "steps.json")
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
