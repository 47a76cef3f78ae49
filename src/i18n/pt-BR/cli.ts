import type { Section } from '../catalogue.ts';
import type en from '../en/cli.ts';

export default {
  help: `Uso: npm run --silent brain -- COMANDO [OPÇÕES]

Comandos:
  score     compara respostas com referências: ROUGE, BLEU, METEOR, BERTScore
  tokens    a tabela de tokens e recompensas
  generate  deixa um modelo continuar um texto ou responder a uma conversa
  logprobs  o quanto um modelo acha provável cada token de um texto
  hidden    os estados ocultos de um modelo
  train     faz o ajuste fino de um modelo: todos os pesos ou um adaptador LoRA
  info      descreve um modelo
  download  baixa um modelo do hub
  import    grava qualquer modelo como uma pasta que o transformers do Python carrega
  export    o mesmo com um adaptador somado aos pesos, ou em ONNX para o transformers.js

MODEL é uma pasta no formato do Hugging Face, um arquivo .gguf, um arquivo .bin do llama2.c, o nome de um modelo no
hub (dono/nome), ou sprout, o cérebro que vem com o programa.
Os dados saem em stdout como linhas JSON, todo o resto em stderr. Entrada errada termina com status 2.
brain COMANDO --help conta mais sobre cada um.`,
  help_score: `Uso: brain score FILE.jsonl [--language en|pt] [--bertscore MODEL [--layers N]]

Lê {"reference", "hypothesis"} por linha e escreve {"rouge1", "rouge2", "rougeL", "bleu", "meteor"} por linha, na mesma
ordem. ROUGE é a medida F do rouge_score com radicais, BLEU é o sentence_bleu do NLTK com method1, METEOR é o do NLTK
com o WordNet 3.0.

  --language en|pt   língua dos radicais e sinônimos do METEOR (padrão: en); pt só tem radicais, e avisa
  --bertscore MODEL  acrescenta {"bertscore": {"precision", "recall", "f1"}} com os estados ocultos de MODEL; com um
                     codificador (BERT, RoBERTa) são os números do bert_score, sem idf e sem reescala
  --layers N         os estados ocultos de qual camada (padrão: 17 no roberta-large e 9 no
                     bert-base-multilingual-cased, como no bert_score; nos outros, a do meio)`,
  help_tokens: `Uso: brain tokens FILE.jsonl

Lê {"expected", "generated", "max_score", "half_reward"} por linha e escreve {"total", "table"} por linha; a tabela é
[{"expected", "generated", "status", "reward"}]. Sem max_score, vale 25; sem half_reward, metade de um token certo.`,
  help_generate: `Uso: brain generate MODEL (--prompt TEXTO | --messages JSON | --input-ids JSON) [OPÇÕES]

Escreve uma linha: {"input_ids", "output_ids", "text", "tokens_per_second"}. output_ids são só os tokens novos.

  --prompt TEXTO          texto para continuar
  --messages JSON         conversa para responder: [{"role": "user", "content": "…"}, …]
  --input-ids JSON        ids para continuar: [1, 2, 3]; funciona sem tokenizador
  --adapter DIR           um adaptador peft (LoRA) sobre o modelo
  --max-new-tokens N      no máximo tantos tokens novos (padrão: 100)
  --greedy                sempre o token mais provável
  --temperature T         esta e as três seguintes, se não vierem: as do próprio modelo
                          (generation_config.json, onde diz do_sample); senão 0.7
  --top-k K               senão 50; 0 mantém todos os tokens
  --top-p P               senão 0.9; 1 mantém todos os tokens
  --repetition-penalty R  senão 1.2; com --greedy, 1 (nenhuma)
  --seed S                padrão: 42
  --quantised             pesos em 4 ou 8 bits: menor e mais rápido, um pouco menos exato`,
  help_logprobs: `Uso: brain logprobs MODEL (--text TEXTO | --input-ids JSON) [--adapter DIR]

Escreve uma linha: {"input_ids", "token_logprobs"}, o logaritmo natural da probabilidade de cada token, menos o primeiro,
dados os que vêm antes dele.`,
  help_hidden: `Uso: brain hidden MODEL (--text TEXTO | --input-ids JSON)

Escreve uma linha: {"input_ids", "hidden_states"}, como [camadas + 1][tokens][canais], os embeddings primeiro.
MODEL pode ser um codificador (BERT, RoBERTa): o texto fica então entre o primeiro e o último token dele.`,
  help_train: `Uso: brain train MODEL --data FILE.jsonl --method full|lora|dpo --out DIR [OPÇÕES]

Uma linha por exemplo: {"input_ids"}, {"text"}, {"prompt", "completion"} ou {"messages"}, lidos como no TRL; no dpo,
{"prompt", "chosen", "rejected"}, como textos ou como ids. Escreve o registro do Trainer, uma linha por passo e um resumo,
e em DIR uma pasta de modelo (full) ou de adaptador peft (lora, dpo). A referência do dpo é o modelo sem adaptador.

  --adapter DIR                     adaptador para continuar (lora, dpo) ou para somar antes aos pesos (full)
  --beta X                          dpo: com que força a referência segura (padrão: 0.1)
  --learning-rate X                 padrão: 5e-5
  --num-train-epochs X              padrão: 3
  --per-device-train-batch-size N   padrão: 1
  --gradient-accumulation-steps N   padrão: 1
  --weight-decay X                  padrão: 0
  --warmup-steps N                  padrão: 0
  --lr-scheduler-type TIPO          linear, constant ou cosine (padrão: linear)
  --max-grad-norm X                 padrão: 1
  --max-length N                    os exemplos são cortados em N tokens (padrão: o que cabe no modelo)
  --lora-r N, --lora-alpha X        padrão: 8 e 16
  --no-shuffle                      mantém a ordem do arquivo
  --seed S                          padrão: 42`,
  help_info: `Uso: brain info MODEL

Escreve uma linha: arquitetura, parâmetros, vocabulário, janela, camadas, licença se for conhecida, e estimativas da
memória necessária para usar o modelo, treinar um adaptador LoRA e treinar todos os pesos. Codificadores (BERT, RoBERTa) não são treinados aqui.`,
  help_download: `Uso: brain download MODEL

Baixa um modelo do hub do Hugging Face, se ele ainda não estiver aqui, e escreve {"folder", "path", "revision", "licence"}.
MODEL é um nome no hub: dono/nome, com @REVISÃO para um branch, uma tag ou um commit, e com :ARQUIVO para um arquivo GGUF
entre vários (o nome ou parte dele: dono/nome-GGUF:Q4_K_M). Interrompido, continua de onde parou. Os modelos ficam onde o
Python os guarda; HF_HOME, HF_HUB_CACHE, HF_TOKEN, HF_ENDPOINT, HF_HUB_OFFLINE e HF_HUB_DOWNLOAD_TIMEOUT são respeitados.`,
  help_import: `Uso: brain import SOURCE DIR [--dtype float32|float16]

Grava um modelo em qualquer formato (GGUF, llama2.c, checkpoint do PyTorch, em partes) como uma pasta no formato do Hugging
Face: config.json, model.safetensors e os arquivos do tokenizador; e escreve uma linha: {"folder", "dtype"}. Pesos quantizados
viram os números que representam. SOURCE é o que MODEL é nos outros comandos. Nada é sobrescrito.

  --dtype float32|float16  como os pesos são guardados (padrão: float32)`,
  help_export: `Uso: brain export MODEL DIR [--adapter DIR] [--dtype float32|float16 | --onnx]

Grava um modelo como uma pasta no formato do Hugging Face e escreve uma linha: {"folder", "dtype", "onnx"}. Nada é
sobrescrito.

  --adapter DIR            um adaptador do peft (LoRA) a somar aos pesos
  --dtype float32|float16  como os pesos são guardados (padrão: float32)
  --onnx                   grava onnx/model.onnx e seus pesos (float32) em vez de model.safetensors: uma pasta que o
                           transformers.js carrega com dtype "fp32"`,
  wanted_number: 'um número',
  wanted_whole: 'um número inteiro',
  wanted_from: '{{kind}} a partir de {{from}}',
  wanted_between: '{{kind}} de {{from}} a {{to}}',
  wanted_above: '{{kind}} maior que {{above}}',
  wanted_above_to: '{{kind}} maior que {{above}}, no máximo {{to}}',
  wanted_ids: 'ids de tokens, por exemplo [1, 2, 3]',
  progress: 'passo {{done}} de {{total}}',
  rows_cut: '{{cut}} de {{rows}} exemplos tinham mais de {{maxLength}} tokens e foram cortados ali.',
  downloading: '{{done}} de {{total}} MB {{file}}',
  downloaded: '{{model}} está em {{folder}}. Licença: {{licence}}.',
  licence_unknown: 'não informada',
  saved: 'Salvo em {{folder}}.',
} as const satisfies Section<typeof en>;
