/**
 * Twenty turns as a class might have them: what a pupil said, and the better answer somebody wrote. The replies people rated
 * are the brain's own, drawn when the bench runs. None of these stands among the dialogues that sprout was trained on.
 */
import type { Choices } from '../../src/brain/index.ts';

export interface Exercise extends Choices {
  text: string;
  correction: string;
  /** What the class gave the brain's reply: below the threshold, always. */
  rating: number;
}

const en = { language: 'en', emotion: 'neutral' } as const;
const pt = { language: 'pt', emotion: 'neutral' } as const;

export const EXERCISES: readonly Exercise[] = [
  {
    ...en,
    intent: 'ask',
    rating: 0.1,
    text: 'What do you eat for breakfast?',
    correction: 'I do not eat, but I hear that bread and fruit are good.',
  },
  {
    ...en,
    intent: 'suggest',
    rating: 0.2,
    text: 'I am building a model volcano.',
    correction: 'How exciting! What will the lava be made of?',
  },
  {
    ...en,
    intent: 'ask',
    rating: 0.3,
    text: 'How many days are in a week?',
    correction: 'There are seven days in a week.',
  },
  {
    ...en,
    intent: 'suggest',
    rating: 0,
    text: 'My little sister learned to walk.',
    correction: 'That is lovely! You must be proud of her.',
  },
  {
    ...en,
    intent: 'ask',
    rating: 0.5,
    text: 'Which planet is the biggest?',
    correction: 'Jupiter is the biggest planet.',
  },
  {
    ...en,
    intent: 'disagree',
    rating: 0.4,
    text: 'No, I do not like spiders.',
    correction: 'Many people feel like that. They eat mosquitoes, though.',
  },
  {
    ...en,
    intent: 'agree',
    rating: 0.2,
    text: 'Yes, I would love to hear a story.',
    correction: 'Once upon a time a small seed wanted to see the sun.',
  },
  {
    ...en,
    intent: 'suggest',
    rating: 0.1,
    emotion: 'sad',
    text: 'I lost my favourite pencil case.',
    correction: 'Oh no! Where did you see it last?',
  },
  {
    ...en,
    intent: 'ask',
    rating: 0.3,
    text: 'Can fish sleep?',
    correction: 'Yes, but they have no eyelids, so their eyes stay open.',
  },
  {
    ...en,
    intent: 'suggest',
    rating: 0.5,
    emotion: 'happy',
    text: 'We are going to the beach on Saturday!',
    correction: 'Have fun, and do not forget your hat!',
  },
  {
    ...pt,
    intent: 'ask',
    rating: 0.1,
    text: 'O que você faz no recreio?',
    correction: 'Eu espero vocês voltarem para conversar.',
  },
  {
    ...pt,
    intent: 'suggest',
    rating: 0.2,
    text: 'Eu plantei feijão no algodão.',
    correction: 'Que legal! Ele já começou a brotar?',
  },
  {
    ...pt,
    intent: 'ask',
    rating: 0.3,
    text: 'Quantas patas tem uma aranha?',
    correction: 'Uma aranha tem oito patas.',
  },
  {
    ...pt,
    intent: 'suggest',
    rating: 0,
    text: 'Minha avó faz o melhor bolo de cenoura.',
    correction: 'Que delícia! Tem cobertura de chocolate?',
  },
  {
    ...pt,
    intent: 'ask',
    rating: 0.5,
    text: 'Por que a gente precisa dormir?',
    correction: 'Porque o corpo descansa e o cérebro guarda o que aprendeu.',
  },
  {
    ...pt,
    intent: 'disagree',
    rating: 0.4,
    text: 'Não, eu não gosto de acordar cedo.',
    correction: 'Eu entendo. De manhã é difícil sair da cama.',
  },
  {
    ...pt,
    intent: 'agree',
    rating: 0.2,
    text: 'Sim, quero aprender uma palavra nova.',
    correction: 'Saudade é sentir falta de quem a gente gosta.',
  },
  {
    ...pt,
    intent: 'suggest',
    rating: 0.1,
    emotion: 'afraid',
    text: 'Tenho medo de falar na frente da turma.',
    correction: 'Respire fundo. Seus amigos querem ouvir você.',
  },
  {
    ...pt,
    intent: 'ask',
    rating: 0.3,
    text: 'Qual rio passa pela Amazônia?',
    correction: 'O rio Amazonas, um dos maiores do mundo.',
  },
  {
    ...pt,
    intent: 'suggest',
    rating: 0.5,
    emotion: 'happy',
    text: 'Hoje eu fiz um gol na aula!',
    correction: 'Parabéns! Como foi a jogada?',
  },
];

/** Turns of the same sitting that went well, for *guided* to replay: what was said, and a reply the class rated high. */
export const GOOD_TURNS: readonly (Choices & { text: string; reply: string; rating: number })[] = [
  { ...en, intent: 'ask', rating: 0.8, text: 'Do you like the rain?', reply: 'Yes, it makes me grow.' },
  { ...en, intent: 'suggest', rating: 0.9, text: 'I finished my homework.', reply: 'Well done! Now you can play.' },
  { ...pt, intent: 'ask', rating: 0.8, text: 'Você gosta de chuva?', reply: 'Gosto, ela me faz crescer.' },
  { ...pt, intent: 'suggest', rating: 1, text: 'Terminei a lição de casa.', reply: 'Muito bem! Agora pode brincar.' },
];

/** Replies whose best one is known, for *reward*: the token table compares what is drawn with it. */
export const KNOWN_ANSWERS: readonly (Choices & { text: string; answer: string })[] = [
  { ...en, intent: 'ask', text: 'Do you like music?', answer: 'Yes, I do.' },
  { ...en, intent: 'ask', text: 'What is your favorite movie?', answer: 'I like movies.' },
  { ...en, intent: 'suggest', text: 'Good morning!', answer: 'Good morning!' },
  { ...en, intent: 'ask', text: 'How are you?', answer: 'I am fine.' },
  { ...pt, intent: 'suggest', text: 'Bom dia!', answer: 'Bom dia!' },
  { ...pt, intent: 'ask', text: 'Você gosta de música?', answer: 'Gosto muito.' },
];
