"""Writes tokens with PyTorch, greedily through the cache, and prints what it took, as measure-decoding.ts does:
python measure_decoding.py FOLDER PROMPT_IDS TOKENS THREADS
"""

import json
import sys
import time

from peak_memory import peak_mb

import torch
from transformers import AutoModelForCausalLM

RUNS = 4

folder, prompt, tokens, threads = sys.argv[1:5]
torch.set_num_threads(int(threads))
opening = time.perf_counter()
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
load_ms = 1000 * (time.perf_counter() - opening)
# Nothing ends the reply early.
model.generation_config.eos_token_id = None
model.generation_config.pad_token_id = 0
prompt_ids = torch.tensor([json.loads(prompt)])


class Clock:
    """A streamer for generate(): notes when each token came. The prompt is put first."""

    def __init__(self):
        self.times = []

    def put(self, _):
        self.times.append(time.perf_counter())

    def end(self):
        pass


runs = []
for _ in range(RUNS):
    clock = Clock()
    output = model.generate(
        prompt_ids,
        attention_mask=torch.ones_like(prompt_ids),
        max_new_tokens=int(tokens),
        do_sample=False,
        use_cache=True,
        streamer=clock,
    )
    start, first, *_, last = clock.times
    runs.append({"firstMs": 1000 * (first - start), "tokensPerSecond": (len(clock.times) - 2) / (last - first)})
# The first run also touches all memory for the first time.
median = sorted(runs[1:], key=lambda run: run["tokensPerSecond"])[(RUNS - 1) // 2]
result = {"loadMs": load_ms, **median, "outputIds": output[0, prompt_ids.shape[1] :].tolist(), "peakMb": peak_mb()}
print(json.dumps(result))
