/**
 * Fills a local classroom with rich content, without a brain: `node test/local/demo.ts [port]`. A bot of a few commands posts
 * cards, tables, selects, forms, pictures and a progress message that is edited; two pupils talk. For looking at the page.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  ActionRowBuilder,
  AttachmentBuilder,
  ButtonBuilder,
  ButtonStyle,
  ChannelType,
  Client,
  EmbedBuilder,
  GatewayIntentBits,
  LabelBuilder,
  MessageFlags,
  ModalBuilder,
  ApplicationCommandOptionType as Option,
  StringSelectMenuBuilder,
  type TextChannel,
  TextInputBuilder,
  TextInputStyle,
  type ThreadChannel,
} from 'discord.js';
import { type LocalServer, type LocalServerOptions, startLocalServer } from '../../src/local/index.ts';
import { Person } from './person.ts';

export interface Demo {
  server: LocalServer;
  teacher: Person;
  thread: ThreadChannel;
  /** Where the conversation stands. */
  classroom: TextChannel;
  stop(): Promise<void>;
}

const BAR = ['▰▰▰▰▰▰▱▱▱▱', '▰▰▰▱▱▱▱▱▱▱', '▰▰▰▰▱▱▱▱▱▱', '▰▰▰▰▰▰▰▱▱▱'];

/** Starts a server with a demo bot and a conversation. */
export async function startDemo(options: Partial<LocalServerOptions> = {}): Promise<Demo> {
  const dataFolder = options.dataFolder ?? mkdtempSync(path.join(tmpdir(), 'brain-factory-demo-'));
  const server = await startLocalServer({ port: 0, ...options, dataFolder });
  const client = new Client({
    intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.MessageContent],
    rest: { api: server.apiUrl, version: '10' },
  });
  const ready = new Promise<void>((resolve) => client.once('clientReady', () => resolve()));
  await client.login(server.botToken);
  await ready;
  await client.application?.commands.set(commands);
  client.on('interactionCreate', (interaction) => void answer(interaction));
  const classroom = client.channels.cache.find(
    (channel): channel is TextChannel => channel.type === ChannelType.GuildText,
  );
  if (classroom === undefined) throw new Error('no channel');
  const teacher = await Person.join(server.apiUrl, 'Marina', server.joinCode);
  const thread = await classroom.threads.create({ name: 'Sitting of the rain', type: ChannelType.PublicThread });
  await converse(server, teacher, thread);
  return {
    server,
    teacher,
    thread,
    classroom,
    async stop() {
      teacher.close();
      await client.destroy();
      await server.stop();
    },
  };
}

const commands = [
  {
    name: 'session',
    description: 'A sitting with the class’s brain',
    name_localizations: { 'pt-BR': 'sessao' },
    description_localizations: { 'pt-BR': 'Uma sessão com o cérebro da turma' },
    options: [
      {
        type: Option.Subcommand as const,
        name: 'start',
        description: 'Open a sitting in a thread of its own',
        name_localizations: { 'pt-BR': 'comecar' },
        description_localizations: { 'pt-BR': 'Abre uma sessão em um tópico' },
        options: [
          {
            type: Option.Number as const,
            name: 'threshold',
            description: 'Ratings below this train the brain',
            min_value: 0,
            max_value: 1,
          },
          {
            type: Option.String as const,
            name: 'method',
            description: 'Which weights are trained',
            choices: [
              { name: 'LoRA (fast)', value: 'lora' },
              { name: 'full fine-tuning', value: 'full' },
            ],
          },
        ],
      },
      { type: Option.Subcommand as const, name: 'stop', description: 'Close the sitting' },
    ],
  },
  {
    name: 'turn',
    description: 'Your turn',
    options: [
      {
        type: Option.Subcommand as const,
        name: 'say',
        description: 'Say a sentence to the brain',
        options: [
          {
            type: Option.String as const,
            name: 'text',
            description: 'Your sentence',
            required: true,
            max_length: 4000,
          },
          { type: Option.String as const, name: 'brain', description: 'Which version answers', autocomplete: true },
        ],
      },
    ],
  },
  {
    name: 'learn',
    description: 'What a word means',
    options: [
      { type: Option.String as const, name: 'term', description: 'The word', required: true, autocomplete: true },
    ],
  },
  { name: 'help', description: 'How all of this works' },
];

async function answer(interaction: Parameters<Parameters<Client['on']>[1]>[0]): Promise<void> {
  const it = interaction as import('discord.js').Interaction;
  if (it.isAutocomplete()) {
    const typed = it.options.getFocused().toLowerCase();
    const words = ['loss', 'gradient norm', 'learning rate', 'epoch', 'token', 'perplexity', 'v1', 'v2', 'v3'];
    await it.respond(
      words
        .filter((word) => word.includes(typed))
        .slice(0, 25)
        .map((name) => ({ name, value: name })),
    );
  } else if (it.isChatInputCommand() && it.commandName === 'session' && it.channel?.type === ChannelType.GuildText) {
    await it.deferReply();
    const thread = await it.channel.threads.create({ name: 'A new sitting', type: ChannelType.PublicThread });
    await thread.send({ embeds: [opening(it.user.displayName)], components: [speakRow()] });
    await it.editReply({ content: `The sitting is open: <#${thread.id}>` });
  } else if (it.isChatInputCommand() && it.commandName === 'help') {
    await it.reply({
      flags: MessageFlags.Ephemeral,
      content:
        '**How it works**\n1. `/session start` opens a thread.\n2. Say something.\n3. Rate the answer.\n-# Only you see this.',
    });
  } else if (it.isChatInputCommand()) {
    await it.reply({
      content: `You asked for \`/${it.commandName}\`: **${it.options.data.map((option) => option.value ?? option.name).join(', ')}**`,
    });
  } else if (it.isButton() && it.customId === 'speak') {
    await it.showModal(speakModal());
  } else if (it.isModalSubmit()) {
    const sentence = it.fields.getTextInputValue('text');
    await it.reply({ embeds: [turnCard(sentence)], components: turnRows() });
  } else if (it.isStringSelectMenu()) {
    await it.reply({
      flags: MessageFlags.Ephemeral,
      content: `You gave **${it.values.join(', ')}**. That is below 0.6: the brain goes into training.`,
    });
  } else if (it.isButton()) {
    await it.deferUpdate();
    await it.followUp({ flags: MessageFlags.Ephemeral, content: `\`${it.customId}\` pressed.` });
  }
}

function opening(name: string): EmbedBuilder {
  return new EmbedBuilder()
    .setColor(0x2a9d78)
    .setTitle('🧠 Let us raise a brain')
    .setDescription(
      `${name} opened a sitting. Everybody in this thread can take part.\n\n1. Press **Speak** (or use \`/turn say\`) and say one sentence.\n2. Rate the answer from 0.0 to 1.0.\n3. Below 0.6 the brain is trained, and you watch it learn.`,
    )
    .setFooter({ text: 'sprout v0 · 5 turns an iteration · until somebody stops' });
}

function speakRow() {
  return new ActionRowBuilder<ButtonBuilder>().addComponents(
    new ButtonBuilder().setCustomId('speak').setLabel('Speak').setEmoji('🗣️').setStyle(ButtonStyle.Primary),
    new ButtonBuilder().setCustomId('stop').setLabel('Stop').setStyle(ButtonStyle.Secondary),
    new ButtonBuilder().setCustomId('danger').setLabel('Throw away').setStyle(ButtonStyle.Danger),
    new ButtonBuilder().setCustomId('keep').setLabel('Keep').setStyle(ButtonStyle.Success),
  );
}

const TABLE = [
  'yours       brain       place  reward',
  'i           i           ✓ 1      4.17',
  'love        like        ✗       -4.17',
  'dancing     the         ✗       -4.17',
  'in          rain        5→3      2.08',
  'the         in          ✗       -4.17',
  'rain        dancing     ✗       -4.17',
].join('\n');

function turnCard(sentence = 'I love dancing in the rain'): EmbedBuilder {
  return new EmbedBuilder()
    .setColor(0x3f7fb5)
    .setTitle('🧠 Turn 3 · iteration 1')
    .setDescription(
      `I like the rain in the morning. Do you want to go with me?\n\n\`\`\`\n${TABLE}\n\`\`\`\n-# ✓ in its place · 5→2 stands at 5, belongs at 2 · ✗ not in your sentence\n▰▰▰▱▱▱▱▱▱▱ **1 in place · 1 elsewhere · 4 not in your sentence**`,
    )
    .addFields(
      ...(['ROUGE-L · 0.57', 'BLEU · 0.31', 'METEOR · 0.44', 'BERTScore · 0.71'] as const).map((name, index) => ({
        name,
        value: `${BAR[index]}\n-# ${['how much of your sentence comes back, in order', 'how many word groups are the same', 'same words, word families and synonyms', 'how near the meanings are'][index]}`,
        inline: true,
      })),
      { name: '⭐ Rated 0.40 (training below 0.6)', value: 'Ana 0.4 · Téo 0.7' },
    )
    .setFooter({ text: `“${sentence}” · sprout v2 · 1.4 s · 21.3 tokens/s · Suggest · Happy · English` });
}

function turnRows() {
  const rate = new StringSelectMenuBuilder()
    .setCustomId('rate')
    .setPlaceholder('How good is this answer?')
    .addOptions(
      Array.from({ length: 11 }, (_, step) => ({
        label: (step / 10).toFixed(1),
        value: (step / 10).toFixed(1),
        ...(step % 5 === 0 && { description: ['makes no sense', 'half right', 'perfect'][step / 5] ?? '' }),
      })),
    );
  const feelings = new StringSelectMenuBuilder()
    .setCustomId('emotion')
    .setPlaceholder('Feeling')
    .addOptions(
      ['Neutral', 'Happy', 'Sad', 'Surprised'].map((label, index) => ({ label, value: label, default: index === 1 })),
    );
  const buttons = ['🎯 Exact rating', '✏️ A better answer', '🔍 Why these words?', '🔁 Another try'].map((text) => {
    const [emoji = '', ...words] = text.split(' ');
    return new ButtonBuilder()
      .setCustomId(words.join('_'))
      .setLabel(words.join(' '))
      .setEmoji(emoji)
      .setStyle(ButtonStyle.Secondary);
  });
  return [
    new ActionRowBuilder<StringSelectMenuBuilder>().addComponents(rate),
    new ActionRowBuilder<ButtonBuilder>().addComponents(...buttons),
    new ActionRowBuilder<StringSelectMenuBuilder>().addComponents(feelings),
  ];
}

function speakModal(): ModalBuilder {
  const input = new TextInputBuilder()
    .setCustomId('text')
    .setStyle(TextInputStyle.Paragraph)
    .setPlaceholder('I love dancing in the rain.')
    .setMaxLength(4000);
  const intent = new StringSelectMenuBuilder()
    .setCustomId('intent')
    .setPlaceholder('Leave it to a guess')
    .setRequired(false)
    .setMinValues(0)
    .addOptions(['Suggest', 'Disagree', 'Ask', 'Agree'].map((label) => ({ label, value: label.toLowerCase() })));
  return new ModalBuilder()
    .setCustomId('speak_form')
    .setTitle('Your turn')
    .addLabelComponents(
      new LabelBuilder().setLabel('Your sentence').setTextInputComponent(input),
      new LabelBuilder()
        .setLabel('Intent')
        .setDescription('What do you want to do with your sentence?')
        .setStringSelectMenuComponent(intent),
    );
}

async function converse(server: LocalServer, teacher: Person, thread: ThreadChannel): Promise<void> {
  const ana = await Person.join(server.apiUrl, 'Ana Beatriz', server.joinCode);
  const teo = await Person.join(server.apiUrl, 'Téo', server.joinCode);
  await thread.send({ embeds: [opening('Marina')], components: [speakRow()] });
  await ana.say(thread.id, 'I love dancing in the rain');
  await thread.send({ embeds: [turnCard()], components: turnRows() });
  await teo.say(thread.id, 'Me too! Look: **bold**, *italic*, `code`, ||a secret|| and https://example.org/a_b');
  await teo.say(thread.id, '> I like the rain in the morning\nThat is not what she said 🙂');
  await teacher.say(
    thread.id,
    'Then rate it. What did we learn yesterday?\n- loss goes *down*\n- one step is one update\n  - of **all** weights',
  );
  const steps = (step: number) =>
    new EmbedBuilder()
      .setColor(0xe8a93c)
      .setTitle(`🏋️ Training: step ${step} of 24`)
      .setDescription(
        `▰▰▰▰▰▰▰▰▰▰▰▰▰▱▱▱▱▱▱▱ ${Math.round((step / 24) * 100)} %\n\`\`\`\nloss          2.4184  (began at 5.1021)\ngrad_norm     3.2210\nlearning_rate 1.67e-5\nepoch         2.00\nETA           0:12\n\`\`\``,
      )
      .setFooter({ text: 'LoRA · 128 characters of 3 people' });
  const progress = await thread.send({ embeds: [steps(1)] });
  await progress.edit({ embeds: [steps(16)] });
  await thread.send({
    embeds: [
      new EmbedBuilder()
        .setColor(0x2d7a3e)
        .setTitle('🎓 What the training did: v1 → v2')
        .setDescription('Your sentence became likelier.')
        .setImage('attachment://loss.png')
        .setTimestamp(new Date()),
    ],
    files: [
      new AttachmentBuilder(await chart(), { name: 'loss.png', description: 'The loss at each step, going down' }),
      new AttachmentBuilder(Buffer.from(TABLE), { name: 'tokens.txt', description: 'The whole token table' }),
    ],
  });
  ana.close();
  await teo.request('POST', `/channels/${thread.id}/typing`);
}

async function chart(): Promise<Buffer> {
  const { Resvg } = await import('@resvg/resvg-js');
  const points = Array.from(
    { length: 24 },
    (_, step) => `${40 + step * 22},${40 + 220 * (1 - Math.exp(-step / 7)) + 8 * Math.sin(step * 2)}`,
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="600" height="320"><rect width="600" height="320" fill="#fffefa"/><path d="M40 20V280H570" stroke="#999" fill="none"/><polyline points="${points.join(' ')}" fill="none" stroke="#1d6b58" stroke-width="3"/></svg>`;
  return Buffer.from(new Resvg(svg).render().asPng());
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const demo = await startDemo({ port: Number(process.argv[2] ?? 8123) });
  console.log(`${demo.server.url}  join code ${demo.server.joinCode}  teacher code ${demo.server.teacherCode}`);
}
