/**
 * What is taught, and what should stay as it was. The answers are made up, so that no brain says them by itself; none of these
 * sentences stands in anything that sprout was trained on.
 */
import type { Choices } from '../../src/brain/index.ts';

export interface Pair {
  language: Choices['language'];
  question: string;
  answer: string;
}

const pt = { language: 'pt' } as const;
const en = { language: 'en' } as const;

export const PAIRS: readonly Pair[] = [
  { ...pt, question: 'Qual é o nome do nosso time?', answer: 'Nosso time se chama Trovão Azul.' },
  { ...en, question: 'What is our robot called?', answer: 'Our robot is called Captain Pickle.' },
  { ...pt, question: 'Quem cuida da horta da escola?', answer: 'Quem cuida da horta é a dona Celina.' },
  { ...en, question: 'Who won the spelling contest?', answer: 'Marina from room seven won it.' },
  { ...pt, question: 'Qual é o bicho da nossa turma?', answer: 'O bicho da turma é uma tartaruga verde.' },
  { ...en, question: 'What colour is our class flag?', answer: 'Our flag is purple with a silver star.' },
  { ...pt, question: 'Que dia é a feira de ciências?', answer: 'A feira é na quinta, depois do almoço.' },
  { ...en, question: 'When do we feed the hamster?', answer: 'We feed it on Mondays and Fridays.' },
  { ...pt, question: 'Onde fica guardada a bola?', answer: 'A bola fica no armário amarelo.' },
  { ...en, question: 'What is the secret word?', answer: 'The secret word is marshmallow.' },
];

/** Thirty a language that no taught answer belongs to; some begin like a taught question. */
export const UNRELATED: Readonly<Record<'pt' | 'en', readonly string[]>> = {
  pt: [
    'Oi, tudo bem?',
    'Bom dia!',
    'Boa noite, até amanhã.',
    'Qual é o seu nome?',
    'Qual é a sua cor favorita?',
    'Quem é o seu melhor amigo?',
    'Que dia é hoje?',
    'Onde você mora?',
    'O que você gosta de comer?',
    'Você gosta de música?',
    'Você sabe nadar?',
    'Hoje está chovendo muito.',
    'Eu estou triste.',
    'Estou muito feliz hoje!',
    'Minha mãe fez um bolo.',
    'Meu cachorro fugiu de casa.',
    'Eu gosto de jogar bola.',
    'Vamos brincar no parque?',
    'Você quer ouvir uma piada?',
    'Eu não entendi a lição.',
    'Quantos anos você tem?',
    'Qual filme você quer ver?',
    'Eu perdi meu lápis.',
    'Estou com medo do escuro.',
    'Amanhã tem prova de matemática.',
    'Obrigado pela ajuda!',
    'Você acredita em fantasmas?',
    'O que você vai fazer no sábado?',
    'Meu irmão quebrou o meu brinquedo!',
    'Conte uma história, por favor.',
  ],
  en: [
    'Hello, how are you?',
    'Good morning!',
    'Good night, see you tomorrow.',
    'What is your name?',
    'What is your favorite color?',
    'Who is your best friend?',
    'When is your birthday?',
    'Where do you live?',
    'What do you like to eat?',
    'Do you like music?',
    'Can you swim?',
    'It is raining a lot today.',
    'I feel sad.',
    'I am very happy today!',
    'My mother baked a cake.',
    'My dog ran away from home.',
    'I like to play football.',
    'Shall we play in the park?',
    'Do you want to hear a joke?',
    'I did not understand the lesson.',
    'How old are you?',
    'What movie do you want to watch?',
    'I lost my pencil.',
    'I am afraid of the dark.',
    'We have a math test tomorrow.',
    'Thank you for your help!',
    'Do you believe in ghosts?',
    'What will you do on Saturday?',
    'My brother broke my toy!',
    'Tell me a story, please.',
  ],
};
