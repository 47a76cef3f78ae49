"""Takes the same training steps with PyTorch and prints what they gave and took, as measure-ours.ts does:
python measure_theirs.py FOLDER muon|muon-float32|adamw ROWS STEPS THREADS eager|compiled MICRO_BATCH

The model is transformers' LlamaForCausalLM with torch's attention, from the same weights, ids, labels, rates and settings.
"muon" is torch.optim.Muon as it comes: it makes updates orthogonal in bfloat16. "muon-float32" has it do so in float32, as we do.
"""

import json
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from peak_memory import peak_mb

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

folder, optimizer_name, batch_size, steps, threads, mode, micro_batch = sys.argv[1:8]
folder, batch_size, steps, micro_batch = Path(folder), int(batch_size), int(steps), int(micro_batch)
torch.set_num_threads(int(threads))

settings = json.loads((folder / "settings.json").read_text())
rows = load_file(folder / "rows.safetensors")
input_ids = rows["input_ids"].long().split(batch_size)
labels = rows["labels"].long().split(batch_size)


def orthogonalised(grad, ns_coefficients, ns_steps, eps):
    """torch's _zeropower_via_newtonschulz, but in the gradient's own precision."""
    a, b, c = ns_coefficients
    is_tall = grad.size(0) > grad.size(1)
    x = grad.T if is_tall else grad
    x = x / x.norm().clamp(min=eps)
    for _ in range(ns_steps):
        gram = x @ x.T
        polynomial = torch.addmm(gram, gram, gram, beta=b, alpha=c)
        x = torch.addmm(x, polynomial, x, beta=a)
    return x.T if is_tall else x


if optimizer_name == "muon-float32":
    torch.optim._muon._zeropower_via_newtonschulz = orthogonalised

model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa")
model.config.use_cache = False
# Sprout pads with its end token. transformers makes that row of the embedding deaf to what is read through it, although here
# every one is a real end of an utterance; we train it.
model.get_input_embeddings().padding_idx = None
model.train()
parameters = dict(model.named_parameters())
in_blocks = [p for name, p in parameters.items() if name.startswith("model.layers.") and p.ndim == 2]
matrices = in_blocks if optimizer_name != "adamw" else []
others = [p for p in parameters.values() if not any(p is matrix for matrix in matrices)]
decay = settings["weightDecay"]
optimizers = [
    torch.optim.AdamW(
        [
            # Norms do not decay, as in transformers' Trainer.
            {"params": [p for p in others if p.ndim > 1], "weight_decay": decay},
            {"params": [p for p in others if p.ndim == 1], "weight_decay": 0.0},
        ],
        lr=0.0,
        betas=settings["betas"],
        fused=True,
    )
]
if matrices:
    optimizers.append(
        torch.optim.Muon(matrices, lr=0.0, weight_decay=decay, momentum=0.95, adjust_lr_fn="match_rms_adamw")
    )

forward = torch.compile(model) if mode == "compiled" else model


def take_step(step):
    start = time.perf_counter()
    # A row's first token is predicted by nothing.
    predicted = (labels[step][:, 1:] != -100).sum()
    loss = 0.0
    for ids, targets in zip(input_ids[step].split(micro_batch), labels[step].split(micro_batch)):
        part = forward(input_ids=ids, labels=targets, num_items_in_batch=predicted).loss
        part.backward()
        loss += part.item()
    gradients = time.perf_counter()
    torch.nn.utils.clip_grad_norm_(model.parameters(), settings["maxGradNorm"])
    norm = time.perf_counter()
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = settings["rates"][step]
        optimizer.step()
    model.zero_grad(set_to_none=True)
    end = time.perf_counter()
    return loss, [1000 * part for part in (gradients - start, norm - gradients, end - norm, end - start)]


losses, parts = zip(*[take_step(step) for step in range(steps)])
names = ("gradientsMs", "normMs", "optimizerMs", "stepMs")
result = {
    "losses": losses,
    # The first step also touches all memory for the first time, or compiles.
    **dict(zip(names, map(statistics.median, zip(*parts[1:])))),
    "peakMb": peak_mb(),
}
print(json.dumps(result))
