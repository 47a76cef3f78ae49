/** Commands, clicks, choices and forms: from a person to discord.js and back, over both protocols. */
import {
  ActionRowBuilder,
  ButtonBuilder,
  ButtonStyle,
  type ChatInputCommandInteraction,
  type Client,
  type Interaction,
  LabelBuilder,
  MessageFlags,
  ModalBuilder,
  StringSelectMenuBuilder,
  TextInputBuilder,
  TextInputStyle,
} from 'discord.js';
import { describe, expect, test } from 'vitest';
import { createClassroom, heard, PNG, type TestClassroom, textChannel } from './classroom.ts';
import type { Json, Person } from './person.ts';

const COMMANDS = [
  { name: 'help', description: 'Help' },
  {
    name: 'turn',
    description: 'A turn',
    options: [
      {
        type: 1,
        name: 'say',
        description: 'Say it',
        options: [
          { type: 3, name: 'text', description: 'Words', required: true, max_length: 20 },
          { type: 3, name: 'brain', description: 'Which', autocomplete: true },
          { type: 4, name: 'times', description: 'How often', min_value: 1, max_value: 3 },
          { type: 3, name: 'mood', description: 'Mood', choices: [{ name: 'glad', value: 'g' }] },
          { type: 6, name: 'to', description: 'To whom' },
        ],
      },
    ],
  },
  { name: 'secret', description: 'For teachers', default_member_permissions: '32' },
];

interface Scene {
  classroom: TestClassroom;
  bot: Client<true>;
  ana: Person;
  channelId: string;
}

async function scene(options: Parameters<typeof createClassroom>[0] = {}): Promise<Scene> {
  const classroom = await createClassroom(options);
  const bot = await classroom.bot();
  await bot.rest.put(`/applications/${bot.application.id}/commands`, { body: COMMANDS });
  await classroom.person('Teacher');
  return { classroom, bot, ana: await classroom.person('Ana'), channelId: textChannel(bot).id };
}

function nextInteraction(bot: Client): Promise<Interaction> {
  return heard<Interaction>(bot, 'interactionCreate');
}

async function nextCommand(bot: Client): Promise<ChatInputCommandInteraction> {
  const interaction = await nextInteraction(bot);
  if (!interaction.isChatInputCommand()) throw new Error('not a command');
  return interaction;
}

describe('a slash command', () => {
  test('reaches the bot with its options, who asked, where, and in which language', async () => {
    const { bot, ana, channelId, classroom } = await scene();
    ana.locale = 'pt-BR';
    const arriving = nextCommand(bot);
    await ana.command(channelId, 'turn say', [
      { type: 3, name: 'text', value: 'hello' },
      { type: 4, name: 'times', value: 2 },
      { type: 6, name: 'to', value: ana.id },
    ]);
    const interaction = await arriving;
    expect(interaction.options.getSubcommand()).toBe('say');
    expect(interaction.options.getString('text')).toBe('hello');
    expect(interaction.options.getInteger('times')).toBe(2);
    expect(interaction.options.getUser('to')?.displayName).toBe('Ana');
    expect(interaction).toMatchObject({
      channelId,
      guildId: classroom.server.guildId,
      locale: 'pt-BR',
      guildLocale: 'en-US',
      context: 0,
      attachmentSizeLimit: 10_485_760,
    });
    expect(interaction.user.displayName).toBe('Ana');
    expect(interaction.memberPermissions?.has('ManageGuild')).toBe(false);
    expect(interaction.appPermissions.has('AttachFiles')).toBe(true);
    expect(interaction.authorizingIntegrationOwners[0]).toBe(classroom.server.guildId);
    const answer = await interaction.reply({ content: 'done', withResponse: true });
    expect(answer.interaction).toMatchObject({
      id: interaction.id,
      responseMessageId: answer.resource?.message?.id,
      responseMessageEphemeral: false,
    });
    expect(await ana.nextMessage(({ content }) => content === 'done')).toMatchObject({
      type: 20,
      interaction_metadata: { user: { id: ana.id } },
      interaction: { name: 'turn say' },
    });
  });

  test('a teacher is known by ManageGuild', async () => {
    const classroom = await createClassroom();
    const bot = await classroom.bot();
    await bot.rest.put(`/applications/${bot.application.id}/commands`, { body: COMMANDS });
    const teacher = await classroom.person('First');
    const ana = await classroom.person('Ana');
    const arriving = nextCommand(bot);
    await teacher.command(textChannel(bot).id, 'secret');
    expect((await arriving).memberPermissions?.has('ManageGuild')).toBe(true);
    await expect(ana.command(textChannel(bot).id, 'secret')).rejects.toThrow('no command');
  });

  test('is refused, naming the option, before the bot hears of it', async () => {
    const { ana, channelId } = await scene();
    const say = (options: Json[]) => ana.command(channelId, 'turn say', options);
    const text = { type: 3, name: 'text', value: 'x' };
    await expect(say([])).rejects.toThrow('BASE_TYPE_REQUIRED');
    await expect(say([{ ...text, value: 'x'.repeat(21) }])).rejects.toThrow('20 or fewer');
    await expect(say([text, { type: 4, name: 'times', value: 4 }])).rejects.toThrow('NUMBER_TYPE_MAX');
    await expect(say([text, { type: 4, name: 'times', value: 1.5 }])).rejects.toThrow(
      'APPLICATION_COMMAND_OPTION_INVALID',
    );
    await expect(say([text, { type: 3, name: 'mood', value: 'sad' }])).rejects.toThrow('BASE_TYPE_CHOICES');
    await expect(say([text, { type: 6, name: 'to', value: '1234567890123456789' }])).rejects.toThrow('Unknown id');
    await expect(say([text, { type: 3, name: 'unheard', value: 'x' }])).rejects.toThrow('unheard');
  });

  test('completes an option while one types', async () => {
    const { bot, ana, channelId } = await scene();
    bot.on('interactionCreate', (interaction) => {
      if (interaction.isAutocomplete())
        void interaction.respond([{ name: `v1 for ${interaction.options.getFocused()}`, value: 'v1' }]);
    });
    const choices = await ana.complete(channelId, 'turn say', [
      { type: 3, name: 'brain', value: 'spr', focused: true },
    ]);
    expect(choices).toEqual([{ name: 'v1 for spr', value: 'v1' }]);
  });
});

describe('the answer', () => {
  test('may be deferred, edited with a file, followed up and deleted', async () => {
    const { bot, ana, channelId } = await scene();
    const arriving = nextCommand(bot);
    await ana.command(channelId, 'help');
    const interaction = await arriving;
    await interaction.deferReply();
    const thinking = await ana.nextMessage(({ flags }) => flags === MessageFlags.Loading);
    expect(thinking).toMatchObject({ content: '' });
    const edited = await interaction.editReply({ content: 'ready', files: [{ attachment: PNG, name: 'a.png' }] });
    expect(edited.id).toBe(thinking.id);
    expect(await ana.nextMessage(({ id }) => id === thinking.id, 'MESSAGE_UPDATE')).toMatchObject({
      content: 'ready',
      flags: 0,
      edited_timestamp: null,
    });
    const more = await interaction.followUp('more');
    await more.edit('more and more');
    expect((await interaction.fetchReply()).content).toBe('ready');
    await interaction.deleteReply(more);
    await interaction.deleteReply();
    expect(await ana.messages(channelId)).toEqual([]);
  });

  test('the first follow-up to a deferred answer completes it', async () => {
    const { bot, ana, channelId } = await scene();
    const arriving = nextCommand(bot);
    await ana.command(channelId, 'help');
    const interaction = await arriving;
    await interaction.deferReply();
    const followUp = await interaction.followUp('here it is');
    expect((await ana.messages(channelId)).map(({ id, content }) => [id, content])).toEqual([
      [followUp.id, 'here it is'],
    ]);
  });

  test('an ephemeral one reaches its person alone, on the gateway and in the history', async () => {
    const { bot, ana, channelId, classroom } = await scene();
    const teo = await classroom.person('Téo');
    const arriving = nextCommand(bot);
    await ana.command(channelId, 'help');
    const interaction = await arriving;
    await interaction.reply({ content: 'for Ana', flags: MessageFlags.Ephemeral });
    await interaction.editReply('for Ana alone');
    await textChannel(bot).send('for all');
    await Promise.all([ana, teo].map((person) => person.nextMessage(({ content }) => content === 'for all')));
    expect(ana.events.filter(({ name }) => name === 'MESSAGE_CREATE').map(({ data }) => data.content)).toEqual([
      'for Ana',
    ]);
    expect(teo.events.filter(({ name }) => name.startsWith('MESSAGE'))).toEqual([]);
    const contents = async (person: Person) => (await person.messages(channelId)).map(({ content }) => content);
    expect([await contents(ana), await contents(teo)]).toEqual([['for Ana alone', 'for all'], ['for all']]);
    expect((await textChannel(bot).messages.fetch()).map(({ content }) => content)).toEqual(['for all']);
    const own = (await ana.messages(channelId))[0];
    expect((await teo.request('GET', `/channels/${channelId}/messages/${own?.id}`)).status).toBe(404);
    expect((await teo.request('DELETE', `/channels/${channelId}/messages/${own?.id}`)).status).toBe(404);
    expect((await ana.request('DELETE', `/channels/${channelId}/messages/${own?.id}`)).status).toBe(204);
  });

  test('comes once, within three seconds, or not at all', async () => {
    const { bot, ana, channelId } = await scene();
    let arriving = nextCommand(bot);
    const late = await ana.command(channelId, 'help');
    const missed = await arriving;
    arriving = nextCommand(bot);
    await ana.command(channelId, 'help');
    const answered = await arriving;
    await answered.reply('once');
    const again = bot.rest.post(`/interactions/${answered.id}/${answered.token}/callback`, {
      body: { type: 4, data: { content: 'twice' } },
      auth: false,
    });
    await expect(again).rejects.toMatchObject({ code: 40060 });
    expect((await ana.next('INTERACTION_FAILURE')).data).toMatchObject({ id: missed.id, nonce: late });
    await expect(missed.reply('too late')).rejects.toMatchObject({ code: 10062 });
  });

  test('the token works for fifteen minutes', async () => {
    let time = Date.now();
    const { bot, ana, channelId } = await scene({ now: () => time });
    const arriving = nextCommand(bot);
    await ana.command(channelId, 'help');
    const interaction = await arriving;
    await interaction.reply('hi');
    time += 14 * 60_000;
    await interaction.editReply('still');
    time += 2 * 60_000;
    await expect(interaction.editReply('no more')).rejects.toMatchObject({ code: 50027 });
    await expect(
      bot.rest.post(`/webhooks/${bot.application.id}/made-up-token`, { body: { content: 'x' }, auth: false }),
    ).rejects.toMatchObject({ code: 50027 });
  });

  test('an invalid one names the field and may be tried again', async () => {
    const { bot, ana, channelId } = await scene();
    const arriving = nextCommand(bot);
    await ana.command(channelId, 'help');
    const interaction = await arriving;
    await expect(interaction.reply('x'.repeat(2001))).rejects.toMatchObject({
      code: 50035,
      rawError: { errors: { content: expect.anything() } },
    });
    await interaction.reply('short');
    expect(await ana.messages(channelId)).toHaveLength(1);
  });
});

describe('components', () => {
  const row = () =>
    new ActionRowBuilder<ButtonBuilder>().addComponents(
      new ButtonBuilder().setCustomId('go').setLabel('Go').setStyle(ButtonStyle.Primary),
      new ButtonBuilder().setCustomId('off').setLabel('Off').setStyle(ButtonStyle.Secondary).setDisabled(true),
    );
  const selectRow = () =>
    new ActionRowBuilder<StringSelectMenuBuilder>().addComponents(
      new StringSelectMenuBuilder()
        .setCustomId('pick')
        .setMinValues(1)
        .setMaxValues(2)
        .addOptions(['a', 'b', 'c'].map((value) => ({ label: value, value }))),
    );

  test('a click updates the message it is on', async () => {
    const { bot, ana, channelId } = await scene();
    const message = await textChannel(bot).send({ content: 'before', components: [row()] });
    const shown = await ana.nextMessage(({ id }) => id === message.id);
    const arriving = nextInteraction(bot);
    const nonce = await ana.click(shown, 'go');
    const interaction = await arriving;
    if (!interaction.isButton()) throw new Error('not a button');
    expect(interaction.message.id).toBe(message.id);
    await interaction.update({ content: 'after', components: [] });
    expect((await ana.next('INTERACTION_SUCCESS')).data).toMatchObject({ nonce });
    expect(await ana.messages(channelId)).toMatchObject([{ id: message.id, content: 'after', components: [] }]);
    await expect(ana.click(shown, 'go')).rejects.toThrow('COMPONENT_VALIDATION_FAILED');
  });

  test('a deferred update leaves the message as it is, and edits it later', async () => {
    const { bot, ana } = await scene();
    const message = await textChannel(bot).send({ content: 'before', components: [row()] });
    const arriving = nextInteraction(bot);
    await ana.click(await ana.nextMessage(({ id }) => id === message.id), 'go');
    const interaction = await arriving;
    if (!interaction.isButton()) throw new Error('not a button');
    await interaction.deferUpdate();
    await interaction.followUp({ content: 'psst', flags: MessageFlags.Ephemeral });
    const edited = await interaction.editReply('after');
    expect(edited.id).toBe(message.id);
    expect((await ana.nextMessage(({ content }) => content === 'psst')).type).toBe(19);
  });

  test('a choice brings its values; what was not offered is refused', async () => {
    const { bot, ana } = await scene();
    const message = await textChannel(bot).send({ components: [selectRow(), row()] });
    const shown = await ana.nextMessage(({ id }) => id === message.id);
    await expect(ana.choose(shown, 'pick', ['z'])).rejects.toThrow('SELECT_COMPONENT_INVALID_VALUE');
    await expect(ana.choose(shown, 'pick', [])).rejects.toThrow('SELECT_COMPONENT_VALUES_COUNT');
    await expect(ana.choose(shown, 'pick', ['a', 'b', 'c'])).rejects.toThrow('SELECT_COMPONENT_VALUES_COUNT');
    await expect(ana.click(shown, 'off')).rejects.toThrow('COMPONENT_DISABLED');
    const arriving = nextInteraction(bot);
    await ana.choose(shown, 'pick', ['b', 'c']);
    const interaction = await arriving;
    if (!interaction.isStringSelectMenu()) throw new Error('not a select');
    expect(interaction.values).toEqual(['b', 'c']);
    await interaction.deferUpdate();
  });
});

describe('a modal', () => {
  const modal = () =>
    new ModalBuilder()
      .setCustomId('form')
      .setTitle('Your turn')
      .addLabelComponents(
        new LabelBuilder()
          .setLabel('Sentence')
          .setTextInputComponent(
            new TextInputBuilder()
              .setCustomId('text')
              .setStyle(TextInputStyle.Paragraph)
              .setMinLength(2)
              .setMaxLength(10),
          ),
        new LabelBuilder()
          .setLabel('Intent')
          .setStringSelectMenuComponent(
            new StringSelectMenuBuilder()
              .setCustomId('intent')
              .setRequired(false)
              .setMinValues(0)
              .addOptions({ label: 'Ask', value: 'ask' }),
          ),
      );

  async function opened() {
    const stage = await scene();
    const { bot, ana, channelId } = stage;
    const arriving = nextCommand(bot);
    await ana.command(channelId, 'help');
    await (await arriving).showModal(modal());
    return { ...stage, shown: (await ana.next('INTERACTION_MODAL_CREATE')).data };
  }

  test('opens for the one who asked and brings back what was written', async () => {
    const { bot, ana, shown } = await opened();
    expect(shown).toMatchObject({
      custom_id: 'form',
      title: 'Your turn',
      components: [{ type: 18, label: 'Sentence', component: { type: 4, custom_id: 'text' } }, { type: 18 }],
    });
    const arriving = nextInteraction(bot);
    await ana.submit(shown, { text: 'I love it', intent: ['ask'] });
    const interaction = await arriving;
    if (!interaction.isModalSubmit()) throw new Error('not a modal');
    expect(interaction.fields.getTextInputValue('text')).toBe('I love it');
    expect(interaction.fields.getStringSelectValues('intent')).toEqual(['ask']);
    await interaction.reply('thanks');
    expect(await ana.nextMessage(({ content }) => content === 'thanks')).toBeDefined();
  });

  test('is refused when a field does not fit, or when nobody opened it', async () => {
    const { ana, shown, classroom } = await opened();
    await expect(ana.submit(shown, { text: 'x' })).rejects.toThrow('BASE_TYPE_MIN_LENGTH');
    await expect(ana.submit(shown, { text: 'far too long a text' })).rejects.toThrow('BASE_TYPE_MAX_LENGTH');
    await expect(ana.submit(shown, { text: 'fine', intent: ['shout'] })).rejects.toThrow(
      'SELECT_COMPONENT_INVALID_VALUE',
    );
    const teo = await classroom.person('Téo');
    await expect(teo.submit(shown, { text: 'fine' })).rejects.toThrow('MODAL_UNKNOWN');
    await expect(ana.submit({ ...shown, custom_id: 'other' }, { text: 'fine' })).rejects.toThrow('MODAL_UNKNOWN');
  });

  test('opened by a button, it may update the button’s message', async () => {
    const { bot, ana } = await scene();
    const button = new ButtonBuilder().setCustomId('speak').setLabel('Speak').setStyle(ButtonStyle.Primary);
    const message = await textChannel(bot).send({
      content: 'who speaks?',
      components: [new ActionRowBuilder<ButtonBuilder>().addComponents(button)],
    });
    let arriving = nextInteraction(bot);
    await ana.click(await ana.nextMessage(({ id }) => id === message.id), 'speak');
    const click = await arriving;
    if (!click.isButton()) throw new Error('not a button');
    await click.showModal(modal());
    arriving = nextInteraction(bot);
    await ana.submit((await ana.next('INTERACTION_MODAL_CREATE')).data, { text: 'me!' });
    const submit = await arriving;
    if (!submit.isModalSubmit() || !submit.isFromMessage()) throw new Error('not from a message');
    await submit.update({ content: `said: ${submit.fields.getTextInputValue('text')}`, components: [] });
    expect((await ana.nextMessage(({ id }) => id === message.id, 'MESSAGE_UPDATE')).content).toBe('said: me!');
  });
});
