import type { Section } from '../catalogue.ts';
import type en from '../en/lessons.ts';

export default {
  overfitting_title: 'Overfitting (sobreajuste)',
  overfitting_text:
    'Overfitting é decorar em vez de entender a ideia. Um cérebro com overfitting repete as frases do treino quase palavra por palavra, mas se atrapalha quando você diz algo novo. Isso acontece com poucas frases, épocas demais ou uma taxa de aprendizado alta demais. Para descobrir, converse com ele sobre um assunto que nunca apareceu no treino: se essas respostas pioram enquanto a perda continua caindo, ele decorou. Frases mais variadas e menos épocas ajudam.',
  overfitting_numbers:
    'No seu último treino, a perda foi de {{first}} para {{last}}: agora diga algo que o cérebro nunca viu e compare.',

  rouge_l_title: 'ROUGE-L',
  rouge_l_text:
    'O ROUGE-L compara a resposta do cérebro com a sua frase. Ele procura a maior corrente de palavras que as duas têm na mesma ordem; pode haver outras palavras no meio. 1 quer dizer as mesmas palavras na mesma ordem, e 0 quer dizer nenhuma palavra em comum. Ele não entende nada de significado: uma boa resposta com outras palavras pode tirar nota baixa. Ele foi feito para o inglês e corta as palavras nas letras com acento, por isso lê “você” como “voc”.',
  rouge_l_numbers: 'Sua última resposta tirou {{value}}.',

  bleu_title: 'BLEU',
  bleu_text:
    'O BLEU conta quantas palavras da resposta, e quantas sequências de duas, três e quatro palavras, também estão na sua frase. Ele foi inventado para dar nota a traduções feitas por máquinas. Uma resposta curta demais perde pontos, então o cérebro não consegue trapacear dizendo só a parte fácil. Em uma única frase curta o BLEU é severo: até uma resposta perfeita de uma palavra tira só 0,18. Observe como ele muda ao longo de muitas respostas, e não um número sozinho.',
  bleu_numbers: 'Sua última resposta tirou {{value}}.',

  meteor_title: 'METEOR',
  meteor_text:
    'O METEOR também compara as palavras da resposta com as suas, mas é mais gentil. Ele aceita a mesma palavra com outra terminação, como “gosto” e “gostei”, e em inglês também sinônimos, como “car” e “automobile”. Depois ele tira pontos quando as palavras que combinam estão espalhadas em vez de juntas. Como os outros, vai de 0 a 1. Para o português ele não tem aqui uma lista de sinônimos, então compara só as palavras e seus radicais.',
  meteor_numbers: 'Sua última resposta tirou {{value}}.',

  bertscore_title: 'BERTScore',
  bertscore_text:
    'O BERTScore não compara letras, e sim significados, do jeito que um modelo de linguagem os enxerga. O modelo transforma cada pedaço de uma frase em uma longa lista de números, e pedaços usados de formas parecidas ganham números parecidos. Cada pedaço da resposta procura então o mais parecido na sua frase, e vice-versa. É por isso que uma resposta com palavras bem diferentes pode tirar nota alta. Números de modelos diferentes não podem ser comparados, então sempre dizemos qual modelo foi usado.',
  bertscore_numbers: 'Sua última resposta tirou {{value}}.',

  token_limit_title: 'Limite de tokens (max_new_tokens)',
  token_limit_text:
    'Um cérebro lê e escreve em tokens: palavras curtas, pedaços das mais compridas e sinais. Ele escreve um token depois do outro e termina quando escolhe um especial, que quer dizer “fim”. Um cérebro pequeno muitas vezes esquece de escolher esse token e falaria para sempre; por isso ele é parado depois de um certo número de tokens. Uma resposta parada assim pode acabar no meio da frase, e isso não diz nada sobre as palavras de antes.',
  token_limit_numbers: 'Na sua turma, o limite é de {{value}} tokens.',

  epoch_title: 'Época (epoch)',
  epoch_text:
    'Uma época é uma passada por todo o texto do treino. Com três épocas, o cérebro estuda cada frase três vezes, um pouco como reler as anotações antes da prova. Com épocas de menos ele aprende pouco; com épocas demais ele começa a decorar. No registro, 1,5 quer dizer que ele está na metade da segunda passada.',
  epoch_numbers: 'Épocas no seu último treino: {{value}}.',

  loss_title: 'Perda (loss)',
  loss_text:
    'A perda mede o quanto o cérebro se surpreende com a próxima palavra do texto do treino. A cada ponto ele dá uma probabilidade a cada palavra possível, e a perda é alta quando a palavra que veio de verdade tinha probabilidade baixa. O treino muda os pesos para que essa surpresa diminua: se a perda cai, o texto está ficando familiar. Para um cérebro que chuta no escuro entre 1.000 pedaços de palavras, ela seria mais ou menos 6,9. Uma perda minúscula nem sempre é boa notícia: o cérebro pode ter decorado o texto.',
  loss_numbers: 'No seu último treino, ela foi de {{first}} para {{last}}.',

  grad_norm_title: 'Norma do gradiente (grad_norm)',
  grad_norm_text:
    'O gradiente diz, para cada peso do cérebro, como uma pequena mudança mexeria na perda. grad_norm é o comprimento dessa longa lista de números: a força com que o texto do treino está puxando neste passo. Um valor alto quer dizer que o texto pede uma mudança grande; um valor baixo, que sobrou pouco para aprender com ele. Se ele dispara de repente, o treino está ficando instável. É por isso que puxões maiores que 1 são reduzidos a 1 antes de os pesos mudarem.',
  grad_norm_numbers: 'No seu último treino, ela terminou em {{value}}.',

  learning_rate_title: 'Taxa de aprendizado (learning rate)',
  learning_rate_text:
    'A taxa de aprendizado diz o tamanho do passo de cada correção dos pesos. Pequena demais, parece que nada muda; grande demais, o cérebro esquece o que sabia e começa a falar coisas sem sentido. Aqui ela começa em um número pequeno e costuma descer em linha reta até zero, então as últimas correções são as mais delicadas. Em um registro, 5e-05 é um jeito curto de escrever 0,00005.',
  learning_rate_numbers: 'Seu último treino começou com {{value}}.',

  train_runtime_title: 'Tempo de treino (train_runtime)',
  train_runtime_text:
    'train_runtime é quantos segundos o treino levou, de antes do primeiro passo até depois do último. Ele cresce com o tamanho do texto, o número de épocas e o tamanho do cérebro, e diminui em um computador mais rápido. O tempo de espera por outros treinos não entra na conta.',
  train_runtime_numbers: 'Seu último treino levou {{value}} segundos.',

  throughput_title: 'Amostras e passos por segundo',
  throughput_text:
    'Esses dois números dizem a velocidade do treino. Uma amostra é um pedaço do texto de treino; um passo é uma correção dos pesos, feita depois de ler uma ou algumas amostras. Quando cada passo lê uma amostra só, os dois números são iguais. Pedaços de texto mais longos deixam os dois menores, porque há mais para ler. Eles não dizem nada sobre o quanto o cérebro ficou bom.',
  throughput_numbers: 'Seu último treino fez {{samples}} amostras e {{steps}} passos por segundo.',

  train_loss_title: 'Perda do treino (train_loss)',
  train_loss_text:
    'train_loss é a média da perda em todos os passos de um treino: um número só para o treino inteiro. Os primeiros passos também contam, então ela costuma ser maior que a perda do final. Compare treinos feitos com o mesmo texto: um valor menor quer dizer que o texto foi mais fácil para o cérebro desde o começo, ou que ele aprendeu mais rápido. Para julgar o próprio cérebro, as respostas a frases novas importam mais.',
  train_loss_numbers: 'No seu último treino, ela foi {{value}}.',

  preference_title: 'Preferência (DPO)',
  preference_text:
    'Às vezes é difícil dizer o quanto uma resposta é boa, mas é fácil dizer qual de duas é melhor. A otimização direta de preferências (DPO) aprende só com isso: a resposta melhor deve ganhar terreno da pior, em comparação com o que o cérebro achava das duas antes do treino. A margem diz quanto ela ganhou: começa em 0, e acima de 0 a preferência andou para o seu lado. Escreva uma resposta melhor antes de dar a nota, ou peça outra tentativa e diga qual é melhor, e o cérebro terá duas para comparar.',
  preference_numbers: 'No seu último treino desse tipo, a margem foi de {{first}} para {{last}}.',

  push_away_title: 'Afastar uma resposta',
  push_away_text:
    'Uma resposta com nota baixa deve ficar menos provável, mas virar o treino ao contrário e descer sem parar destruiria também a língua do cérebro. Por isso o empurrão é forte no começo e enfraquece conforme a resposta fica rara: ele para por conta própria. Toda a chance tirada de uma resposta vai para outras, e ninguém diz para quais. É por isso que uma resposta melhor escrita por você vale mais do que só uma nota baixa.',
  push_away_numbers: 'No seu último treino, a resposta avaliada ficou {{value}} vezes menos provável.',

  replay_title: 'Repetição, contra o esquecimento',
  replay_text:
    'Um cérebro que estuda só a lição mais nova esquece as antigas; os pesquisadores chamam isso de esquecimento catastrófico. A repetição (replay) é o remédio que você conhece da escola: treinar alguns exercícios antigos junto com os novos. A receita guiada aprende a resposta melhor, desaprende a que levou nota baixa e treina de novo algumas boas respostas da mesma sessão. Mesmo assim sobra um pouco de esquecimento, que dá para medir em frases que não entraram em nenhum treino.',
  replay_numbers: 'Respostas que o seu último treino guiado aprendeu, a melhor e as repetidas: {{value}}.',

  reward_title: 'Recompensa (REINFORCE)',
  reward_text:
    'Aqui ninguém diz ao cérebro o que falar: ele ganha pontos pelo que falou. Respostas que ganharam mais que o normal ficam mais prováveis, e as que ganharam menos ficam menos; o método se chama REINFORCE. Ele pode achar respostas que ninguém escreveu, mas precisa de muitas tentativas e aprende exatamente o que dá pontos, até truques bobos. Por isso leia sempre as respostas, e não só o número.',
  reward_numbers: 'No seu último treino desse tipo, a recompensa média foi de {{first}} para {{last}}.',

  baseline_title: 'Linha de base e vantagem',
  baseline_text:
    'Tirar 0,5 é bom? Depende do que é normal, e o normal se chama linha de base. Recompensa menos linha de base é a vantagem: acima de 0 a resposta é puxada para perto, abaixo de 0 é afastada. Com as notas de vocês, a linha de base é o limiar da turma; com respostas sorteadas, é a média das outras sorteadas ao lado.',
  baseline_numbers: 'Na sua turma, o limiar é {{value}}.',

  kl_title: 'A guia (KL, beta)',
  kl_text:
    'O KL mede o quanto dois cérebros falam diferente: 0 quer dizer igualzinho. Um cérebro que corre atrás de pontos pode acabar repetindo qualquer coisa que renda mais, então uma guia, como a de passear com o cachorro, o prende ao cérebro de onde ele veio. Quanto mais longe ele vai, mais a guia puxa, e o beta diz o quanto ela é forte. Uma guia curta conserva a língua e aprende pouco; uma longa aprende depressa e pode se perder.',
  kl_numbers: 'No fim do seu último treino desse tipo, ele era {{value}}.',

  unknown: 'Não há uma lição chamada “{{term}}”. As mais próximas são: {{near}}.',
} as const satisfies Section<typeof en>;
