/** The forty sentences sprout is read by, the same for every version; none of them stands in its corpus (a test looks). */
import type { Language } from '../../src/brain/index.ts';

export interface Prompt {
  language: Language;
  text: string;
}

const sentences: Record<Language, readonly string[]> = {
  pt: [
    'Oi! Cheguei agora, como foi a sua manhã?',
    'Eu me chamo Renato, e você, como se chama?',
    'Qual matéria da escola você acha mais difícil?',
    'Amanhã tem prova de ciências e eu não estudei nada.',
    'O que tem de bom para comer hoje?',
    'Você prefere bolo de cenoura ou brigadeiro?',
    'Minha cachorrinha teve três filhotes ontem!',
    'Estou triste porque meu melhor amigo mudou de cidade.',
    'Fiquei com medo do barulho do trovão.',
    'Meu irmão quebrou meu fone de ouvido, que raiva!',
    'Tirei dez na prova, nem acredito!',
    'Como eu faço para conhecer gente nova na escola?',
    'Será que vai chover no recreio?',
    'Qual jogo você quer jogar comigo?',
    'Que tipo de música você escuta?',
    'Você pode me ajudar com a tarefa de matemática?',
    'Conta uma piada para a turma!',
    'Você é um robô de verdade?',
    'Vamos ao parque no sábado de manhã?',
    'Preciso ir embora, até amanhã!',
  ],
  en: [
    'Hi there, I just got home. How was your day?',
    'My name is Lucy, what should I call you?',
    'Which subject do you find the hardest at school?',
    'What do they serve for lunch at your school?',
    'My cat has been hiding under the bed all day.',
    'I feel lonely because nobody sat next to me on the bus.',
    "I'm so excited, we're going to the beach tomorrow!",
    'How do I make up with a friend after a fight?',
    "It's raining again, what can we do inside?",
    'Which video game should we play after homework?',
    'What kind of music makes you happy?',
    'Can you help me write a story about a dragon?',
    'Tell me a joke about a teacher!',
    'I have to go to bed now, good night!',
  ],
  'en-pt': [
    'Where is the school library?',
    'My sister likes chocolate ice cream.',
    'We are going to play football tomorrow.',
  ],
  'pt-en': ['Onde fica a quadra de esportes?', 'Hoje está muito quente lá fora.', 'Eu tenho dois irmãos mais novos.'],
};

const order: readonly Language[] = ['pt', 'en', 'en-pt', 'pt-en'];

export const prompts: readonly Prompt[] = order.flatMap((language) =>
  sentences[language].map((text) => ({ language, text })),
);

/** The language an answer should be in. */
export function answerLanguage(language: Language): 'pt' | 'en' {
  return language === 'pt' || language === 'en-pt' ? 'pt' : 'en';
}
