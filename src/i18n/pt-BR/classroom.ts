import type { Section } from '../catalogue.ts';
import type en from '../en/classroom.ts';

export default {
  consent_text:
    'Nesta turma, as pessoas criam um pequeno modelo de linguagem conversando com ele. Suas palavras podem treiná-lo?\n🌱 Se você disser sim, seus turnos, as respostas a eles e as notas, escolhas entre tentativas e respostas melhores que você der viram parte do que ele aprende, aqui neste computador, para esta turma.\n🚫 Se disser não, você participa do mesmo jeito: seus turnos são respondidos e pontuados, suas notas contam, e nada seu é usado em treino.\n↩️ Você pode mudar de ideia quando quiser, com /privacidade. Se apagar seus dados, suas palavras somem na hora; um cérebro que já aprendeu com elas fica marcado.\nSe você ainda não tem idade para decidir isso sem ajuda, pergunte antes a seus pais ou responsáveis.',
  declaration_text:
    'Sou responsável por este bot neste servidor. Declaro que o Discord concordou com o uso das mensagens deste servidor para treinar um modelo de linguagem, ou que suas regras o permitem de outra forma, e que cumpro a lei sobre os dados das pessoas daqui, sobretudo dos menores. Sei que o consentimento de um membro não substitui o do Discord.',

  push_reply_less:
    'Agora é MENOS provável que o cérebro diga essa resposta de novo ({{numbers}}). É isso que uma nota baixa pede.',
  push_reply_same: 'Continua mais ou menos igual a chance de o cérebro dizer essa resposta de novo ({{numbers}}).',
  push_reply_more:
    'Atenção: a receita clássica treina com tudo o que foi dito, até a resposta avaliada, e por isso ficou MAIS provável que o cérebro a repita ({{numbers}}).',
  push_reply_wrong_way:
    'Atenção: ficou MAIS provável que o cérebro diga essa resposta de novo ({{numbers}}), embora a nota pedisse o contrário. Muitas vezes é porque a resposta melhor tem palavras em comum com ela.',
  push_preferred_more:
    'Agora é MAIS provável que o cérebro diga essa resposta de novo ({{numbers}}). A nota foi baixa, mas, das tentativas dele, foi a que as pessoas preferiram: ela devia ganhar terreno de outra.',
  push_preferred_same:
    'É quase tão provável quanto antes que o cérebro diga essa resposta de novo ({{numbers}}). Das tentativas dele, foi a que as pessoas preferiram: ela devia ganhar terreno de outra, e a margem diz se ganhou.',
  push_preferred_less:
    'Agora é MENOS provável que o cérebro diga essa resposta de novo ({{numbers}}). Das tentativas dele, foi a que as pessoas preferiram: ela devia ganhar terreno de outra, e isso pode acontecer caindo menos. A margem diz se ganhou.',
  push_correction_more: 'A resposta melhor que alguém escreveu ficou MAIS provável ({{numbers}}), como se queria.',
  push_correction_same:
    'A resposta melhor que alguém escreveu continua mais ou menos tão provável quanto antes ({{numbers}}).',
  push_correction_less:
    'Atenção: a resposta melhor que alguém escreveu ficou MENOS provável ({{numbers}}). A receita clássica não treina com ela.',
  push_correction_wrong_way:
    'Atenção: a resposta melhor que alguém escreveu ficou MENOS provável ({{numbers}}), embora devesse subir. Ao afastar a outra resposta, o treino levou junto palavras que as duas têm.',
  push_odds: 'de 1 em {{before}} para 1 em {{after}}',
  push_times: 'por um fator de {{times}}; cada pedaço de palavra: de {{before}} para {{after}}, em média',
  push_pieces: 'cada pedaço de palavra: de {{before}} para {{after}}, em média',
  push_over_a_million: 'mais de um milhão',
} as const satisfies Section<typeof en>;
