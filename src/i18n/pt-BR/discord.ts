import type { Section } from '../catalogue.ts';
import type en from '../en/discord.ts';

export default {
  // palavras usadas em muitos lugares
  somebody: 'Alguém',
  no_words: '(sem palavras)',
  more: '… mais {{count}}',
  by_version: '{{model}} v{{version}}',
  recipe_classic: 'clássica',
  recipe_guided: 'guiada',
  recipe_preference: 'preferência',
  recipe_reward: 'recompensa',
  reward_source_rating: 'notas',
  reward_source_table: 'tabela de tokens',
  method_full: 'ajuste fino completo',
  empty_reply: 'O cérebro parou logo de cara, sem dizer nada.',

  // escolhas de um turno
  choice_intent: 'Intenção',
  choice_emotion: 'Emoção',
  choice_language: 'Idioma',
  choice_guess: 'Deixar adivinhar',
  intent_suggest: 'Sugerir',
  intent_disagree: 'Discordar',
  intent_ask: 'Perguntar',
  intent_agree: 'Concordar',
  emotion_neutral: 'Neutro',
  emotion_happy: 'Feliz',
  emotion_sad: 'Triste',
  emotion_surprised: 'Surpreso',
  emotion_excited: 'Empolgado',
  emotion_angry: 'Bravo',
  emotion_afraid: 'Com medo',
  language_en: 'Inglês',
  language_pt: 'Português',
  'language_en-pt': 'Inglês → português',
  'language_pt-en': 'Português → inglês',

  // abertura de uma sessão
  opening_title: 'Vamos criar um cérebro',
  opening_intro: '{{name}} abriu uma sessão. Todo mundo neste tópico pode participar.',
  opening_say: 'Aperte **Falar** (ou use `/turno dizer`) e diga uma frase. O cérebro responde.',
  opening_say_plain: 'Escreva uma frase aqui (ou aperte **Falar**). O cérebro responde.',
  opening_rate:
    'Sabe uma resposta melhor? Escreva primeiro (**Uma resposta melhor**). Depois dê a nota, de 0,0 a 1,0: a primeira decide, e abaixo de {{threshold}} o cérebro treina.',
  opening_train:
    'Acompanhe o treino e compare a resposta de antes e de depois. Uma contagem curta e começa o próximo turno.',
  turns_per_iteration: '{{count}} turnos por iteração',
  turns_per_iteration_one: 'um turno por iteração',
  iterations_in_all: '{{count}} iterações',
  iterations_in_all_one: 'uma iteração',
  until_stopped: 'até alguém parar',
  turn_open: 'Turno {{turn}} de {{turns}}, iteração {{iteration}}: quem fala?',
  button_speak: 'Falar',
  button_stop: 'Parar',

  // consentimento e declaração
  consent_title: 'Suas palavras podem treinar o cérebro?',
  consent_needed: '{{name}}, suas palavras podem treinar o cérebro?',
  button_consent_yes: 'Sim, treine com elas',
  button_consent_no: 'Não, só responda',
  consent_granted:
    'Obrigado! A partir de agora suas palavras podem treinar o cérebro. Você pode mudar de ideia quando quiser.',
  consent_refused: 'Tudo bem: suas palavras são respondidas e pontuadas, e nunca entram no treino.',
  consent_guardian_refused:
    'Anotado. Mas quem é responsável por você disse não; por isso suas palavras ficam fora do treino.',
  consent_now_granted: 'Suas palavras podem treinar o cérebro.',
  consent_now_refused: 'Suas palavras nunca entram no treino.',
  consent_now_unknown: 'Você ainda não decidiu; por isso suas palavras não entram no treino.',
  guardian_noted: 'Anotado, com seu nome e a data.',
  guardian_noted_refused:
    'Anotado, com seu nome e a data. Mas o aluno disse não; por isso as palavras dele ficam fora do treino.',
  guardian_answer_missing: 'Escolha também uma resposta: sim ou não.',
  declaration_title: 'Por enquanto nada treina aqui',
  declaration_text:
    'Pelas regras do Discord, textos vindos do Discord só podem treinar um modelo se o próprio Discord concordou. Até um professor declarar isso em `/sessão configurar`, o cérebro responde e recebe notas, mas não aprende. A sala local não precisa de declaração.',
  declaration_ask: 'Só quem responde por este servidor pode declarar isto:',
  button_declare: 'Eu declaro',
  declaration_done: 'Anotado, com seu nome e a data: os textos deste servidor podem treinar o cérebro da turma.',

  // um turno
  thinking: '{{model}} v{{version}} está pensando …',
  turn_title: 'Turno {{number}} · iteração {{iteration}}',
  turn_failed: 'Não veio resposta',
  turn_failed_next: 'Nada se perdeu: diga de novo.',
  masked: 'Palavras que não cabem numa sala de aula ficam escondidas.',
  stopped_at_limit: 'Parou aqui: o limite é de {{tokens}} tokens. `/aprender` “limite de tokens” explica.',
  table_in_words: '{{right}} no lugar · {{elsewhere}} em outro lugar · {{absent}} fora da sua frase',
  table_missing: 'faltam {{count}}',
  table_missing_one: 'falta uma',
  not_measured: 'não medido',
  rouge_means: 'quanto da sua frase volta, na mesma ordem',
  bleu_means: 'quantos grupos de palavras são iguais',
  meteor_means: 'palavras iguais, da mesma família e sinônimos',
  meteor_means_stems: 'palavras iguais e da mesma família',
  bertscore_means: 'o quanto os sentidos são próximos, para {{model}}',
  bertscore_stand_in: 'o quanto os sentidos são próximos, para {{model}}, no lugar de {{wanted}}, que não está pronto',
  some_model: 'um modelo de linguagem',
  bertscore_layer: '{{model}}, camada {{layer}} de {{layers}}',
  ratings: 'Nota {{average}} (treina abaixo de {{threshold}})',
  tokens_per_second: '{{value}} tokens/s',
  tries: 'tentativa {{count}}',
  column_expected: 'você',
  column_generated: 'cérebro',
  column_place: 'lugar',
  column_reward: 'pontos',
  column_total: 'total',
  table_legend: '✓ no lugar · 5→2 está na 5, devia estar na 2 · ✗ não está na sua frase',
  table_file: 'A tabela de tokens inteira',
  rate_placeholder: 'Que nota merece esta resposta?',
  rating_0: 'não faz sentido',
  rating_5: 'meio certa',
  rating_10: 'perfeita',
  button_exact: 'Nota exata',
  button_better: 'Uma resposta melhor',
  button_why: 'Por que essas palavras?',
  button_again: 'Tentar de novo',
  comparison_title: 'Qual tentativa é melhor?',
  comparison_try: 'Tentativa {{number}}',
  comparison_above: 'a resposta acima',
  button_prefer: 'A tentativa {{number}} é melhor',
  preferred: 'Anotado: a tentativa {{number}} é melhor. Você pode mudar de ideia até alguém dar a nota.',
  choices_changed: 'Anotado. O cérebro responde de novo.',
  said: 'Dito. A resposta está no tópico.',
  said_failed: 'O cérebro não conseguiu responder. O tópico diz por quê.',
  corrected:
    'Obrigado. Sua resposta fica ao lado da do cérebro. O treino que começa com a nota desta resposta mede se ele chegou mais perto dela; todas as receitas, menos a clássica, também aprendem com ela, se você concordou com isso.',

  // notas
  rated: 'Você deu {{value}}.',
  rated_beside: 'Fica ao lado da primeira nota, que já decidiu.',
  rated_turn: 'É pelo menos {{threshold}}: vamos ao próximo turno.',
  rated_training: 'É menos que {{threshold}}: o cérebro vai treinar.',
  rated_blocked: 'É menos que {{threshold}}, mas desta vez nada treina. O tópico diz por quê.',
  rated_iteration: 'Com isso, a iteração termina.',
  rated_end: 'Foi o último turno da sessão.',
  blocked_declaration:
    'A nota pede treino, mas neste servidor nada treina: textos do Discord precisam antes da permissão do próprio Discord. Um professor pode declará-la em `/sessão configurar`. A sala local (`npm start` sem token) treina sem isso.',
  blocked_consent:
    'A nota pede treino, mas ninguém que falou nesta sessão concordou com isso. Você quer? Aperte um botão.',
  blocked_nothing: 'A nota pede treino, mas ainda não há palavras para treinar. Vamos em frente.',
  blocked_judgement:
    'A nota pede treino. Esta receita aprende com um turno, as notas e as respostas melhores dele, e só de quem concordou com isso: aqui, quem falou, deu nota ou corrigiu não concordou (ou concordou antes de as notas e respostas melhores entrarem). Você quer? Aperte um botão.',

  // formulários
  speak_title: 'Sua vez',
  speak_text: 'Sua frase',
  speak_placeholder: 'Eu adoro dançar na chuva.',
  better_title: 'Uma resposta melhor',
  better_text: 'O que o cérebro devia ter dito?',
  better_description: 'Escreva antes de dar a nota. A clássica só mede; as outras receitas aprendem com ela.',
  exact_title: 'Nota exata',
  exact_text: 'De 0 a 1',
  exact_description: '0: não faz sentido; 1: perfeita. Duas casas bastam.',

  // por que essas palavras
  why_title: 'Por que essas palavras?',
  why_text:
    'O quanto o cérebro achou provável cada pedaço, depois de tudo que veio antes. É com esses números que ele sorteia o próximo. · é um espaço, ■ é o fim.',
  why_footer: 'Mais certeza em {{sure}}, menos certeza em {{unsure}}',
  why_nothing: 'Não há palavra para explicar: a resposta está vazia.',

  // treino
  training_title: 'Treino',
  training_loading: 'O cérebro está sendo aberto para o treino. Quanto maior ele é, mais isso demora …',
  training_step: 'Treino: passo {{step}} de {{total}}',
  training_done: 'Treino terminado',
  training_failed: 'O treino falhou',
  training_cancelled: 'O treino foi interrompido',
  training_why_classic:
    'Cada passo muda um pouco os pesos, para que as palavras desta sessão fiquem mais prováveis. `/aprender` explica os termos.',
  training_why_guided:
    'Cada passo muda um pouco os pesos: uma resposta melhor fica mais provável, a que levou nota baixa fica menos, e boas respostas de antes são treinadas de novo. `/aprender` explica os termos.',
  training_why_preference:
    'Cada passo muda um pouco os pesos, para que o cérebro prefira a melhor de duas respostas mais do que antes. `/aprender` explica os termos.',
  training_why_reward:
    'Cada passo muda um pouco os pesos: respostas que ganham mais que o normal ficam mais prováveis, as que ganham menos ficam menos. `/aprender` explica os termos.',
  queued_next: 'É o próximo da fila.',
  queued: 'Na fila: {{count}} antes dele.',
  began_at: 'era {{value}}',
  of_people: 'de {{people}} pessoas',
  of_one: 'de uma pessoa',
  learns_characters: '{{characters}} caracteres',
  learns_replies: '{{count}} respostas para aprender',
  learns_replies_one: 'uma resposta para aprender',
  learns_avoiding: '{{count}} para evitar',
  learns_avoiding_one: 'uma para evitar',
  learns_pairs: '{{count}} comparações',
  learns_pairs_one: 'uma comparação',
  learns_ratings: '{{count}} respostas com nota',
  learns_ratings_one: 'uma resposta com nota',
  learns_draws: '{{draws}} respostas novas por passo',
  nothing_better:
    'Não há resposta melhor para aprender, então a resposta avaliada só é afastada. Da próxima vez, escreva uma antes da nota: aí o cérebro aprende a dizê-la.',
  nothing_preferred:
    'Ninguém escreveu uma resposta melhor nem escolheu entre tentativas (ou houve empate), então não há o que preferir: a resposta avaliada só é afastada. Da próxima vez, antes da nota, escreva uma, ou peça outra tentativa e escolha.',
  learned_title: 'O que a receita mediu',
  learned_margin:
    'Margem: {{first}} → {{last}}. Acima de 0, o cérebro agora prefere a melhor das duas mais do que antes do treino.',
  learned_reward:
    'Recompensa média: {{first}} → {{last}}, pelas suas notas (0 a 1); cada resposta conta o quanto ainda é provável.',
  learned_reward_drawn:
    'Recompensa média das respostas que ele tentou: {{first}} → {{last}} (1 é a melhor possível; −1, nenhuma palavra certa).',
  learned_kl: 'Distância da base (KL): {{kl}}. Quando ela cresce, a guia puxa de volta.',
  summary_title: 'O que o treino fez: v{{from}} → v{{to}}',
  summary_footer: 'Agora quem responde é a v{{to}}',
  summary_missing: 'O treino acabou.',
  summary_cut: 'Os primeiros {{tokens}} tokens não couberam na janela do cérebro e ficaram de fora.',
  summary_early: 'Parou antes do fim e guarda o que já tinha aprendido.',
  push_title: 'Para que lado ele foi empurrado?',
  before: 'Antes (v{{version}})',
  after: 'Depois (v{{version}})',
  same_reply: 'As mesmas palavras de antes: o empurrão foi pequeno demais para mudar esta resposta.',
  chart_alt: 'Gráfico da perda, da norma do gradiente e da taxa de aprendizado em cada passo',
  job_failed_next: 'Nada se perdeu: a v{{version}} continua em uso. Tente de novo ou siga sem ele.',
  button_retry: 'Tentar de novo',
  button_skip: 'Seguir em frente',
  retrying: 'Está na fila outra vez.',
  skipped: 'Vamos em frente, sem este treino.',

  // contagem, parada, iterações
  countdown_turn: 'O próximo turno começa',
  countdown_iteration: 'A próxima iteração começa',
  countdown_end: 'A sessão termina',
  countdown_over: 'A contagem acabou.',
  stopped: 'Sessão parada.',
  keep_question:
    'Sessão parada. Guardar o que o cérebro aprendeu (v{{version}}) ou voltar ao ponto em que ela começou (v{{start}})?',
  keep_question_training:
    'Sessão parada no meio de um treino. Guardar o que o cérebro aprendeu até aqui ou voltar ao ponto em que ela começou?',
  button_keep: 'Guardar o progresso',
  button_discard: 'Voltar à v{{version}}',
  keep_noted: 'Anotado.',
  saving: 'O treino está entregando o que aprendeu até aqui …',
  kept: 'O progresso está guardado: a v{{version}} está em uso.',
  discarded: 'Voltamos: a v{{version}} está em uso. O que foi aprendido continua em `/cérebro listar`.',
  iteration_closed: 'Fim da iteração {{number}}',
  averages_note: 'Médias dos turnos. A próxima iteração começa com um contexto novo.',
  ended_title: 'A sessão acabou',
  ended_stopped: 'Alguém parou a sessão.',
  ended_completed: 'Todas as iterações terminaram. Parabéns!',
  ended_next:
    '`/sessão retomar` continua esta, `/sessão iniciar` abre outra, `/cérebro comparar` põe duas versões lado a lado.',
  resumed: 'A sessão continua: iteração {{iteration}}, turno {{turn}}. Quem fala?',

  // situação
  status_title: 'A sessão',
  status_where: 'Turno {{turn}} de {{turns}} na iteração {{iteration}}',
  status_place: 'Ela acontece aqui: {{place}}',
  phase_ready: 'Esperando alguém falar',
  phase_answering: 'O cérebro está respondendo',
  phase_rating: 'Esperando a nota',
  phase_training: 'Treinando',
  phase_failed: 'Um treino falhou: tentar de novo ou seguir?',
  phase_countdown: 'Contagem regressiva',
  phase_stopping: 'Parada: guardar o progresso?',
  phase_ended: 'Encerrada',
  started: 'A sessão está aberta: {{place}}',
  continued: 'A sessão continua: {{place}}',
  thread_name: 'Sessão de {{date}}',

  // cérebros
  brains_title: 'Versões do cérebro da turma',
  brains_footer: '/cérebro usar escolhe uma, /cérebro comparar põe duas lado a lado',
  version_base: '{{base}}, ainda sem treino de vocês',
  version_from: 'veio da v{{number}}',
  version_forgotten: 'aprendeu com {{count}} pessoas que depois pediram para ser esquecidas',
  version_forgotten_one: 'aprendeu com uma pessoa que depois pediu para ser esquecida',
  using: 'Agora a v{{number}} está em uso.',
  using_told: 'Pronto. A turma foi avisada.',
  compare_title: 'Duas versões, a mesma frase',
  compare_footer: 'O mesmo sorteio para as duas (semente {{seed}})',
  compared: 'Aqui está.',
  chat_footer: 'fora da sessão: sem nota e sem treino',
  exported:
    'A v{{number}} está na pasta {{place}} do computador que roda o bot: uma pasta no formato Hugging Face, que o Python também abre.',
  exported_file: 'Aqui está a v{{number}}: um adaptador que o peft do Python também abre.',
  queue_title: 'Fila de treino',
  queue_empty: 'Nenhum treino na fila.',
  queue_ours: 'esta turma',
  queue_others: 'outra turma',
  queue_running: 'treinando',
  queue_waiting: 'esperando',

  // configurações
  settings_title: 'Configurações desta turma',
  settings_legend: '● escolha desta turma; o resto está como veio',
  settings_hint: 'Professores mudam com as opções de /sessão configurar',
  settings_saved: 'Salvo. Já vale para os próximos turnos.',
  settings_declared: 'Os textos deste servidor podem treinar: declarado em {{date}}.',
  settings_not_declared: 'Os textos deste servidor não podem treinar: ninguém declarou isso.',
  settings_no_declaration_needed: 'Esta sala não precisa de declaração: os textos ficam neste computador.',
  settings_role_none: 'nenhum',
  settings_on: 'sim',
  settings_off: 'não',
  bertscore_is_exact: 'exato',
  bertscore_is_stand_in: 'substituto',
  settings_auto: 'automático',
  settings_without_end: 'até parar',

  // privacidade
  privacy_export: 'Aqui está tudo que esta turma guarda sobre você.',
  privacy_ask:
    'Apagar seu nome, suas palavras, notas e respostas desta turma? Não dá para desfazer. Os cérebros que aprenderam com você ficam marcados.',
  button_forget: 'Apagar tudo',
  privacy_gone: 'Pronto. Não resta nada seu nesta turma.',
  privacy_gone_versions:
    'Pronto. Não resta nada seu nesta turma. {{count}} versões tinham aprendido com suas palavras: estão marcadas em `/cérebro listar`.',
  privacy_gone_versions_one:
    'Pronto. Não resta nada seu nesta turma. Uma versão tinha aprendido com suas palavras: está marcada em `/cérebro listar`.',

  // ajuda
  help_title: 'Brain Factory: sua turma cria o próprio modelo de linguagem',
  help_first: 'O que fazer primeiro',
  help_step_1: '`/sessão iniciar` abre um tópico para a sessão.',
  help_step_2: 'Aperte **Falar**, diga uma frase e dê uma nota à resposta.',
  help_step_3: 'Dê uma nota baixa (menos que {{threshold}}) e veja o cérebro treinar. Depois olhe o que mudou.',
  help_commands: 'Todos os comandos',
  help_teacher: 'professores',
  help_learn: '`/aprender` explica cada palavra que aparece aqui.',

  // aprender
  learn_try: 'Palavras conhecidas: {{terms}}',

  // quando algo não é possível
  bug: 'Algo quebrou do nosso lado, e nada do que você fez se perdeu. Tente de novo, por favor. Se acontecer outra vez, diga este número ao professor: {{reference}}',
  event_lost:
    'Uma mensagem não pôde aparecer aqui (número {{reference}}). A sessão continua; `/sessão situação` diz em que ponto está.',
  too_slow: 'O Discord demorou demais para nos ouvir. Aperte de novo, por favor.',
} as const satisfies Section<typeof en>;
