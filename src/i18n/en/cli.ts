/** The command line: help of each command, and the few words beside its data. */
export default {
  help: `Usage: npm run --silent brain -- COMMAND [OPTIONS]

Commands:
  score     compare replies with references: ROUGE, BLEU, METEOR, BERTScore
  tokens    the table of tokens and rewards
  generate  let a model continue a text or answer a conversation
  logprobs  how likely a model finds each token of a text
  hidden    a model's hidden states
  train     fine-tune a model: all of its weights, or a LoRA adapter
  info      describe a model
  download  fetch a model from the hub
  import    write any model as a folder that Python's transformers loads
  export    the same with an adapter added in, or as ONNX for transformers.js

MODEL is a folder in Hugging Face layout, a .gguf file, a .bin file of llama2.c, a model's name on the hub
(owner/name), or sprout, the brain that comes with the program.
Data goes to stdout as JSON lines, everything else to stderr. Wrong input ends with status 2.
brain COMMAND --help tells more about each.`,
  help_score: `Usage: brain score FILE.jsonl [--language en|pt] [--bertscore MODEL [--layers N]]

Reads {"reference", "hypothesis"} a line and writes {"rouge1", "rouge2", "rougeL", "bleu", "meteor"} a line, in the same
order. ROUGE is the F-measure of rouge_score with stemming, BLEU is NLTK's sentence_bleu with method1, METEOR is NLTK's
with WordNet 3.0.

  --language en|pt   language of METEOR's stems and synonyms (default: en); pt has stems only, and says so
  --bertscore MODEL  adds {"bertscore": {"precision", "recall", "f1"}} from the hidden states of MODEL; with an encoder
                     (BERT, RoBERTa) these are the numbers of bert_score, without idf and without rescaling
  --layers N         which layer's hidden states (default: 17 for roberta-large and 9 for bert-base-multilingual-cased,
                     as bert_score; else the middle one)`,
  help_tokens: `Usage: brain tokens FILE.jsonl

Reads {"expected", "generated", "max_score", "half_reward"} a line and writes {"total", "table"} a line, the table being
[{"expected", "generated", "status", "reward"}]. Without max_score it is 25; without half_reward, half of a right token's.`,
  help_generate: `Usage: brain generate MODEL (--prompt TEXT | --messages JSON | --input-ids JSON) [OPTIONS]

Writes one line: {"input_ids", "output_ids", "text", "tokens_per_second"}. output_ids are the new tokens only.

  --prompt TEXT           text to continue
  --messages JSON         conversation to answer: [{"role": "user", "content": "…"}, …]
  --input-ids JSON        ids to continue: [1, 2, 3]; works without a tokenizer
  --adapter DIR           a peft adapter (LoRA) over the model
  --max-new-tokens N      at most so many new tokens (default: 100)
  --greedy                always the likeliest token
  --temperature T         this and the next three, if not given: the model's own
                          generation_config.json, where it says do_sample; else 0.7
  --top-k K               else 50; 0 keeps every token
  --top-p P               else 0.9; 1 keeps every token
  --repetition-penalty R  else 1.2; with --greedy 1 (none)
  --seed S                default: 42
  --quantised             weights in 4 or 8 bits: smaller and faster, a little inexact`,
  help_logprobs: `Usage: brain logprobs MODEL (--text TEXT | --input-ids JSON) [--adapter DIR]

Writes one line: {"input_ids", "token_logprobs"}, the natural logarithm of the probability of every token but the first,
given those before it.`,
  help_hidden: `Usage: brain hidden MODEL (--text TEXT | --input-ids JSON)

Writes one line: {"input_ids", "hidden_states"}, as [layers + 1][tokens][channels], the embeddings first.
MODEL may be an encoder (BERT, RoBERTa): the text then stands between its first and last token.`,
  help_train: `Usage: brain train MODEL --data FILE.jsonl --method full|lora|dpo --out DIR [OPTIONS]

A row a line: {"input_ids"}, {"text"}, {"prompt", "completion"} or {"messages"}, read as TRL does; for dpo {"prompt",
"chosen", "rejected"}, as texts or as ids. Writes the Trainer's log, a line a step and a summary, and to DIR a model folder
(full) or a peft adapter folder (lora, dpo). The reference of dpo is the model without an adapter.

  --adapter DIR                     adapter to go on with (lora, dpo) or to take into the weights first (full)
  --beta X                          dpo: how hard the reference holds (default: 0.1)
  --learning-rate X                 default: 5e-5
  --num-train-epochs X              default: 3
  --per-device-train-batch-size N   default: 1
  --gradient-accumulation-steps N   default: 1
  --weight-decay X                  default: 0
  --warmup-steps N                  default: 0
  --lr-scheduler-type TYPE          linear, constant or cosine (default: linear)
  --max-grad-norm X                 default: 1
  --max-length N                    rows are cut to N tokens (default: what the model holds)
  --lora-r N, --lora-alpha X        default: 8 and 16
  --no-shuffle                      keep the order of the file
  --seed S                          default: 42`,
  help_info: `Usage: brain info MODEL

Writes one line: architecture, parameters, vocabulary, window, layers, licence if known, and estimates of the memory
needed to serve the model, to train a LoRA adapter and to train all of its weights (an encoder is not trained here).`,
  help_download: `Usage: brain download MODEL

Fetches a model from the Hugging Face hub, as far as it is not here, and writes {"folder", "path", "revision", "licence"}.
MODEL is a name on the hub: owner/name, with @REVISION for a branch, a tag or a commit, and with :FILE for one GGUF file of
several (its name, or a part of it: owner/name-GGUF:Q4_K_M). Broken off, it goes on where it was. The models are kept where
Python keeps them; HF_HOME, HF_HUB_CACHE, HF_TOKEN, HF_ENDPOINT, HF_HUB_OFFLINE and HF_HUB_DOWNLOAD_TIMEOUT are honoured.`,
  help_import: `Usage: brain import SOURCE DIR [--dtype float32|float16]

Writes a model in any layout (GGUF, llama2.c, PyTorch checkpoint, shards) as a folder in Hugging Face layout: config.json,
model.safetensors, the tokenizer's files; and one line: {"folder", "dtype"}. Quantised weights become the numbers they stand
for. SOURCE is what MODEL is elsewhere. Nothing is overwritten.

  --dtype float32|float16  how the weights are stored (default: float32)`,
  help_export: `Usage: brain export MODEL DIR [--adapter DIR] [--dtype float32|float16 | --onnx]

Writes a model as a folder in Hugging Face layout, and one line: {"folder", "dtype", "onnx"}. Nothing is overwritten.

  --adapter DIR            a peft adapter (LoRA) to add into the weights
  --dtype float32|float16  how the weights are stored (default: float32)
  --onnx                   writes onnx/model.onnx and its weights (float32) instead of model.safetensors: a folder that
                           transformers.js loads with dtype "fp32"`,
  wanted_number: 'a number',
  wanted_whole: 'a whole number',
  wanted_from: '{{kind}} from {{from}}',
  wanted_between: '{{kind}} from {{from}} to {{to}}',
  wanted_above: '{{kind}} above {{above}}',
  wanted_above_to: '{{kind}} above {{above}}, at most {{to}}',
  wanted_ids: 'token ids, for example [1, 2, 3]',
  progress: 'step {{done}} of {{total}}',
  rows_cut: '{{cut}} of {{rows}} rows were longer than {{maxLength}} tokens and were cut there.',
  downloading: '{{done}} of {{total}} MB {{file}}',
  downloaded: '{{model}} is in {{folder}}. Licence: {{licence}}.',
  licence_unknown: 'not stated',
  saved: 'Saved in {{folder}}.',
} as const;
