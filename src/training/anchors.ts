/**
 * Small talk that comes with the program, for *guided*'s leash (leash.ts): what somebody might say, and a reply. Half Portuguese,
 * half English, of many kinds and lengths, about nothing a class is likely to teach. Nothing of it is learnt: a training is
 * held to what the base thinks of it.
 */
import { type Brain, closedIds, type Language } from '../brain/index.ts';
import type { Exchange } from './objective.ts';

export interface Anchor {
  language: Language;
  text: string;
  reply: string;
}

const pt = { language: 'pt' } as const;
const en = { language: 'en' } as const;

export const ANCHORS: readonly Anchor[] = [
  { ...pt, text: 'Olá! Como vai você?', reply: 'Eu vou bem, obrigado. E você, como está?' },
  { ...en, text: 'Hi there! How is it going?', reply: 'Pretty good, thanks. How about you?' },
  { ...pt, text: 'Que fome! Já está na hora do lanche?', reply: 'Falta pouco. O que você trouxe hoje?' },
  {
    ...en,
    text: 'Have you seen any good movies lately?',
    reply: 'Yes, I saw one about a lost dog. It made me cry a little.',
  },
  { ...pt, text: 'Eu briguei com a minha irmã.', reply: 'Sinto muito. Quer me contar o que aconteceu?' },
  { ...en, text: 'I had a fight with my friend.', reply: 'I am sorry to hear that. What happened?' },
  { ...pt, text: 'Qual é a sua comida preferida?', reply: 'Eu gosto muito de arroz, feijão e batata frita.' },
  { ...en, text: "What's your favourite food?", reply: 'I really like pizza, but only with lots of cheese.' },
  { ...pt, text: 'Você viu o jogo ontem?', reply: 'Vi sim! Foi emocionante até o último minuto.' },
  { ...en, text: 'Did you watch the game last night?', reply: 'I did! They played so well in the second half.' },
  { ...pt, text: 'Não consigo fazer esta conta.', reply: 'Calma, vamos tentar juntos. Qual é o primeiro número?' },
  { ...en, text: "I can't solve this problem.", reply: "Don't worry, let's look at it together." },
  { ...pt, text: 'Ganhei um gatinho de presente!', reply: 'Que maravilha! Que nome você vai dar para ele?' },
  { ...en, text: 'I got a kitten for my birthday!', reply: 'How lovely! What will you name it?' },
  { ...pt, text: 'Faz muito calor nesta sala.', reply: 'É verdade. Podemos abrir a janela um pouco.' },
  { ...en, text: 'It is so hot in here.', reply: 'I know. Maybe we can open a window.' },
  { ...pt, text: 'Acho que esse livro é chato.', reply: 'Eu não concordo. O final é muito bonito.' },
  { ...en, text: 'I think that book is boring.', reply: "I don't agree. I liked the ending a lot." },
  { ...pt, text: 'Por que o céu é azul?', reply: 'Porque a luz do sol se espalha no ar.' },
  { ...en, text: 'Why do birds sing?', reply: 'I think they sing to find each other in the trees.' },
  { ...pt, text: 'Você tem irmãos?', reply: 'Não tenho, mas gostaria de ter.' },
  { ...en, text: 'Do you have any pets?', reply: 'No, but I would like to have a dog someday.' },
  { ...pt, text: 'Para onde vocês vão nas férias?', reply: 'A gente vai para a praia com os meus avós.' },
  { ...en, text: 'Where are you going this summer?', reply: 'We might go to the lake with my cousins.' },
  { ...pt, text: 'Tchau, tenho que ir embora.', reply: 'Tchau! Foi bom falar com você.' },
  { ...en, text: 'I have to go now, bye!', reply: 'Bye! It was nice talking to you.' },
  { ...pt, text: 'Desculpe, eu me atrasei.', reply: 'Não tem problema. Ainda nem começamos.' },
  { ...en, text: 'Sorry I am late.', reply: "That's okay, we just started." },
  { ...pt, text: 'Que música você está ouvindo?', reply: 'Uma canção antiga que o meu pai canta.' },
  {
    ...en,
    text: 'What kind of music do you listen to?',
    reply: 'Mostly rock, and some of the old songs my dad plays.',
  },
  { ...pt, text: 'Posso me sentar aqui?', reply: 'Claro que pode, este lugar está livre.' },
  { ...en, text: 'May I borrow your ruler?', reply: 'Sure, just give it back after class.' },
  { ...pt, text: 'Eu quero ser astronauta.', reply: 'Que legal! Você vai ter que estudar bastante.' },
  { ...en, text: 'I want to be a doctor one day.', reply: 'That is great! You would help a lot of people.' },
  { ...pt, text: 'Acordei muito cansado.', reply: 'Você dormiu tarde ontem?' },
  { ...en, text: 'I did not sleep well.', reply: 'Oh no. Did you have a bad dream?' },
  { ...pt, text: 'Vai demorar muito para chegar?', reply: 'Não, só mais uns dez minutos.' },
  { ...en, text: 'Who is the best actor?', reply: 'That is hard to say. There are so many good ones.' },
  { ...pt, text: 'Este desenho ficou feio.', reply: 'Eu gostei! As cores são bem alegres.' },
  { ...en, text: 'Should we take the bus?', reply: 'Yes, it is too far to walk.' },
];

/** The anchors as a brain reads them, the intent as it is plain to see; none where it has no tokenizer. */
export async function anchorsFor(brain: Pick<Brain, 'tokenizer' | 'promptIds'>): Promise<Exchange[]> {
  const { tokenizer } = brain;
  if (!tokenizer.known) return [];
  const anchors: Exchange[] = [];
  for (const { language, text, reply } of ANCHORS) {
    const intent = text.endsWith('?') ? 'ask' : 'suggest';
    anchors.push({
      promptIds: await brain.promptIds([], text, { language, intent, emotion: 'neutral' }),
      replyIds: closedIds(tokenizer, reply),
    });
  }
  return anchors;
}
