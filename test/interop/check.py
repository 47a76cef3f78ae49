"""What Python's transformers and peft make of models and adapters; ../drill/interop.ts compares it with what we make of them.

python check.py make BASE FOLDER     a peft adapter and a model in three kinds of files, for us to read
python check.py answer JOBS.json     logits and token ids of what lies in folders, written where each job says

A job: {"folder", "adapter" or null, "ids": [..] or null, "logits": file for float32 [T, V], "texts": [..], "tokens": file}.
"""

import json
import sys
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

LINEARS = {
    "gpt2": ["c_attn", "c_proj", "c_fc"],
    "llama": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
}


def load(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def make(base, folder):
    torch.manual_seed(7)
    model = load(base)
    # Other numbers than the base's, so that reading the base by mistake would show.
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.01)
    model.save_pretrained(folder / "sharded", max_shard_size="20KB")
    model.config.save_pretrained(folder / "torch")
    torch.save(model.state_dict(), folder / "torch" / "pytorch_model.bin")
    family = model.config.model_type
    lora = LoraConfig(
        task_type="CAUSAL_LM", r=4, lora_alpha=12, target_modules=LINEARS[family], fan_in_fan_out=family == "gpt2"
    )
    adapted = get_peft_model(load(base), lora)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.1)
    adapted.save_pretrained(folder / "adapter")


def answer(job):
    if job["ids"] is not None:
        model = load(job["folder"])
        if job["adapter"] is not None:
            model = PeftModel.from_pretrained(model, job["adapter"]).eval()
        with torch.no_grad():
            logits = model(torch.tensor([job["ids"]])).logits[0]
        Path(job["logits"]).write_bytes(logits.float().contiguous().numpy().tobytes())
    if job["texts"]:
        tokenizer = AutoTokenizer.from_pretrained(job["folder"])
        tokens = [tokenizer.encode(text, add_special_tokens=False) for text in job["texts"]]
        Path(job["tokens"]).write_text(json.dumps(tokens))


if sys.argv[1] == "make":
    make(sys.argv[2], Path(sys.argv[3]))
else:
    for job in json.loads(Path(sys.argv[2]).read_text()):
        answer(job)
