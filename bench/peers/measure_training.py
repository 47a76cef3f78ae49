"""Takes training steps with PyTorch (and peft) and prints what they took, as ../engine/measure-training.ts does:
python measure_training.py FOLDER METHOD BATCH LENGTH THREADS [--profile]

The step is transformers.Trainer's: fused AdamW with its defaults, gradients clipped to a norm of 1, no dropout, and the
attention transformers picks by itself.
"""

import json
import statistics
import sys
import time

from peak_memory import peak_mb

import torch
from transformers import AutoModelForCausalLM

STEPS = 4
LINEARS = {
    "gpt2": ["c_attn", "c_proj", "c_fc"],
    "llama": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
}

folder, method, batch_size, length, threads = sys.argv[1:6]
batch_size, length = int(batch_size), int(length)
torch.set_num_threads(int(threads))
torch.manual_seed(42)

opening = time.perf_counter()
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
for module in model.modules():
    if isinstance(module, torch.nn.Dropout):
        module.p = 0.0
if method == "lora":
    from peft import LoraConfig, get_peft_model

    family = model.config.model_type
    lora = LoraConfig(
        task_type="CAUSAL_LM",
        r=8,
        lora_alpha=16,
        lora_dropout=0.0,
        target_modules=LINEARS[family],
        fan_in_fan_out=family == "gpt2",
    )
    model = get_peft_model(model, lora)
model.config.use_cache = False
model.train()
trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=5e-5, weight_decay=0.0, fused=True)
load_ms = 1000 * (time.perf_counter() - opening)
load_peak_mb = peak_mb()

vocabulary = model.config.vocab_size
input_ids = torch.tensor([(i * 7919) % vocabulary for i in range(batch_size * length)]).view(batch_size, length)
attention_mask = torch.ones_like(input_ids)


def take_step():
    start = time.perf_counter()
    loss = model(input_ids=input_ids, attention_mask=attention_mask, labels=input_ids).loss
    loss.backward()
    gradients = time.perf_counter()
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    norm = time.perf_counter()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return loss.item(), [1000 * part for part in (gradients - start, norm - gradients, time.perf_counter() - norm)]


losses, parts = zip(*[take_step() for _ in range(STEPS + 1)])
result = {
    "loadMs": load_ms,
    "loadPeakMb": load_peak_mb,
    # The first step also touches all memory for the first time.
    **dict(zip(("gradientsMs", "normMs", "optimizerMs"), map(statistics.median_high, zip(*parts[1:])))),
    "tokens": batch_size * length,
    "losses": losses,
    "peakMb": peak_mb(),
}
if "--profile" in sys.argv:
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        for _ in range(2):
            take_step()
    result["profile"] = sorted(
        ([event.key, event.self_cpu_time_total / 2000, event.count / 2] for event in profiler.key_averages()),
        key=lambda row: -row[1],
    )
print(json.dumps(result))
