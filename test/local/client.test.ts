/** The bot's own library, unmodified, against the local server: what discord.js asks for is there and means the same. */
import {
  ActionRowBuilder,
  AttachmentBuilder,
  ButtonBuilder,
  ButtonStyle,
  ChannelType,
  EmbedBuilder,
  type Message,
  MessageFlags,
  type ThreadChannel,
} from 'discord.js';
import { describe, expect, test } from 'vitest';
import { createClassroom, heard, PNG, textChannel } from './classroom.ts';
import { record } from './person.ts';

describe('discord.js against the local classroom', () => {
  test('logs in, knows itself, its application and the guild', async () => {
    const classroom = await createClassroom({ guildName: 'Turma 7B', locale: 'pt-BR' });
    const bot = await classroom.bot();
    expect(bot.user.id).toBe(classroom.server.applicationId);
    expect(bot.user.bot).toBe(true);
    const application = await bot.application.fetch();
    expect(application.id).toBe(classroom.server.applicationId);
    const guild = bot.guilds.cache.get(classroom.server.guildId);
    expect(guild?.name).toBe('Turma 7B');
    expect(guild?.preferredLocale).toBe('pt-BR');
    expect(guild?.channels.cache.map(({ name }) => name)).toEqual(['sala-de-aula', 'conversa']);
    const me = guild?.members.me;
    expect(me?.permissions.has('SendMessagesInThreads')).toBe(true);
    expect(me?.permissions.has('Administrator')).toBe(false);
  });

  test('registers commands and reads them back as they were put', async () => {
    const bot = await (await createClassroom()).bot();
    const declared = {
      name: 'session',
      description: 'A sitting',
      name_localizations: { 'pt-BR': 'sessao' },
      description_localizations: { 'pt-BR': 'Uma sessão' },
      default_member_permissions: null,
      contexts: [0],
      options: [
        {
          type: 1,
          name: 'start',
          description: 'Open',
          options: [{ type: 10, name: 'threshold', description: 'From', min_value: 0, max_value: 1 }],
        },
      ],
    };
    const path = `/applications/${bot.application.id}/commands` as const;
    const [put] = (await bot.rest.put(path, { body: [declared] })) as Record<string, unknown>[];
    const [read] = (await bot.rest.get(path)) as Record<string, unknown>[];
    expect(read).toEqual(put);
    expect(read).toMatchObject(declared);
    const [again] = (await bot.rest.put(path, { body: [declared] })) as Record<string, unknown>[];
    expect([again?.id, again?.version]).toEqual([put?.id, put?.version]);
    const [changed] = (await bot.rest.put(path, { body: [{ ...declared, description: 'Another' }] })) as Record<
      string,
      unknown
    >[];
    expect(changed?.id).toBe(put?.id);
    expect(changed?.version).not.toBe(put?.version);
    expect(await bot.rest.put(path, { body: [] })).toEqual([]);
    const inGuild = await bot.guilds.cache.first()?.commands.create({ name: 'here', description: 'Only here' });
    expect((await bot.guilds.cache.first()?.commands.fetch())?.map(({ name }) => name)).toEqual(['here']);
    await inGuild?.delete();
    expect((await bot.guilds.cache.first()?.commands.fetch())?.size).toBe(0);
  });

  test('sends a message with card, file and components, edits it, and a person sees both', async () => {
    const classroom = await createClassroom();
    const bot = await classroom.bot();
    const ana = await classroom.person('Ana');
    const channel = textChannel(bot);
    const row = new ActionRowBuilder<ButtonBuilder>().addComponents(
      new ButtonBuilder().setCustomId('a').setLabel('A').setStyle(ButtonStyle.Primary),
    );
    const sent = await channel.send({
      content: 'first',
      embeds: [new EmbedBuilder().setTitle('Card').setImage('attachment://chart.png')],
      files: [new AttachmentBuilder(PNG, { name: 'chart.png', description: 'a chart' })],
      components: [row],
    });
    expect(sent.attachments.first()).toMatchObject({
      name: 'chart.png',
      width: 3,
      height: 2,
      contentType: 'image/png',
      description: 'a chart',
    });
    expect(sent.embeds[0]?.image).toMatchObject({ url: sent.attachments.first()?.url, width: 3, height: 2 });
    const file = await fetch(sent.attachments.first()?.url ?? '');
    expect(Buffer.from(await file.arrayBuffer())).toEqual(PNG);
    const shown = await ana.nextMessage(({ id }) => id === sent.id);
    expect(shown).toMatchObject({
      content: 'first',
      embeds: [{ title: 'Card' }],
      components: [{ components: [{ custom_id: 'a' }] }],
    });

    const edited = await sent.edit({ content: 'second', components: [] });
    expect(edited.embeds[0]?.title).toBe('Card');
    expect(edited.attachments.size).toBe(1);
    expect(await ana.nextMessage(({ id }) => id === sent.id, 'MESSAGE_UPDATE')).toMatchObject({
      content: 'second',
      components: [],
    });
    const bare = await sent.edit({
      embeds: [],
      attachments: [],
      files: [new AttachmentBuilder(Buffer.from('x'), { name: 'x.txt' })],
    });
    expect(bare.attachments.map(({ name }) => name)).toEqual(['x.txt']);
    expect((await fetch(edited.attachments.first()?.url ?? '')).status).toBe(404);

    await sent.delete();
    expect((await ana.next('MESSAGE_DELETE')).data).toMatchObject({ id: sent.id, channel_id: channel.id });
    await expect(channel.messages.fetch(sent.id)).rejects.toMatchObject({ code: 10008, status: 404 });
  });

  test('lists messages as Discord does: newest first, before, after, around', async () => {
    const bot = await (await createClassroom()).bot();
    const channel = textChannel(bot);
    const sent: Message[] = [];
    for (let number = 1; number <= 7; number++) sent.push(await channel.send(`${number}`));
    const contents = async (options: object) =>
      (await channel.messages.fetch({ cache: false, ...options })).map(({ content }) => content);
    expect(await contents({ limit: 3 })).toEqual(['7', '6', '5']);
    expect(await contents({ limit: 2, before: sent[2]?.id })).toEqual(['2', '1']);
    expect(await contents({ limit: 2, after: sent[2]?.id })).toEqual(['5', '4']);
    expect(await contents({ limit: 3, around: sent[3]?.id })).toEqual(['5', '4', '3']);
  });

  test('a nonce sent twice makes one message', async () => {
    const bot = await (await createClassroom()).bot();
    const channel = textChannel(bot);
    const [first, second] = await Promise.all(
      [1, 2].map(() => channel.send({ content: 'once', nonce: 'turn-7', enforceNonce: true })),
    );
    expect(second?.id).toBe(first?.id);
    expect((await channel.messages.fetch()).size).toBe(1);
    const free = await channel.send({ content: 'again', nonce: 'turn-7' });
    expect(free.id).not.toBe(first?.id);
  });

  test('opens threads, under a channel and under a message, and hears what is said in them', async () => {
    const classroom = await createClassroom();
    const bot = await classroom.bot();
    const ana = await classroom.person('Ana');
    const channel = textChannel(bot);
    const created = heard<ThreadChannel>(bot, 'threadCreate');
    const thread = await channel.threads.create({
      name: 'A sitting',
      type: ChannelType.PublicThread,
      autoArchiveDuration: 1440,
    });
    expect((await created).id).toBe(thread.id);
    expect(thread).toMatchObject({ parentId: channel.id, ownerId: bot.user.id, archived: false });
    expect((await ana.next('THREAD_CREATE')).data).toMatchObject({
      id: thread.id,
      name: 'A sitting',
      newly_created: true,
    });
    const said = heard<Message>(bot, 'messageCreate', ({ author }) => author.id === ana.id);
    await ana.say(thread.id, 'hello there');
    expect(await said).toMatchObject({ content: 'hello there', channelId: thread.id });
    expect((await said).author.displayName).toBe('Ana');

    const under = await (await channel.send('look')).startThread({ name: 'Under it' });
    const starter = await under.fetchStarterMessage();
    expect(starter?.content).toBe('look');
    expect(starter?.flags.has(MessageFlags.HasThread)).toBe(true);
    const twice = bot.rest.post(`/channels/${channel.id}/messages/${starter?.id}/threads`, { body: { name: 'twice' } });
    await expect(twice).rejects.toMatchObject({ code: 160004 });
    await under.members.add(ana.id);
    expect((await under.members.fetch()).map(({ id }) => id).sort()).toEqual([bot.user.id, ana.id].sort());
    await under.setArchived(true);
    expect((await ana.next('THREAD_UPDATE', ({ data }) => data.id === under.id)).data).toMatchObject({
      thread_metadata: { archived: true },
    });
    expect((await channel.threads.fetchArchived()).threads.map(({ id }) => id)).toEqual([under.id]);
    await ana.say(under.id, 'wake up');
    expect((await ana.next('THREAD_UPDATE', ({ data }) => data.id === under.id)).data).toMatchObject({
      thread_metadata: { archived: false },
    });
  });

  test('may do no more than the invite link asks for', async () => {
    const classroom = await createClassroom();
    const bot = await classroom.bot();
    const ana = await classroom.person('Ana');
    const channel = textChannel(bot);
    const { id } = await ana.say(channel.id, 'mine');
    const message = await channel.messages.fetch(String(id));
    await expect(message.delete()).rejects.toMatchObject({ code: 50013 });
    await expect(message.edit('yours')).rejects.toMatchObject({ code: 50005 });
    await expect(channel.setName('other')).rejects.toMatchObject({ code: 50013 });
    await expect(channel.threads.create({ name: 'secret', type: ChannelType.PrivateThread })).rejects.toMatchObject({
      code: 50013,
    });
    await expect(bot.users.send(ana.id, 'psst')).rejects.toMatchObject({ code: 50007 });
  });

  test('hears nobody’s words without the MessageContent intent, except where it is named', async () => {
    const classroom = await createClassroom();
    const bot = await classroom.bot([1, 512]);
    const ana = await classroom.person('Ana');
    const channel = textChannel(bot);
    const words: string[] = [];
    bot.on('messageCreate', (message) => void words.push(message.content));
    await ana.say(channel.id, 'private thoughts');
    await ana.say(channel.id, `hello <@${bot.user.id}>`);
    const last = heard<Message>(bot, 'messageCreate', ({ author }) => author.id === bot.user.id);
    await channel.send('my own');
    await last;
    expect(words).toEqual(['', `hello <@${bot.user.id}>`, 'my own']);
  });

  test('mentions are only those the sender allows', async () => {
    const classroom = await createClassroom();
    const bot = await classroom.bot();
    const ana = await classroom.person('Ana');
    const silent = await textChannel(bot).send({ content: `<@${ana.id}>`, allowedMentions: { parse: [] } });
    const loud = await textChannel(bot).send({ content: `<@${ana.id}>` });
    expect([silent.mentions.users.size, loud.mentions.users.size]).toEqual([0, 1]);
  });

  test('an edit of a message older than an hour is allowed only so often', async () => {
    let time = Date.now();
    const classroom = await createClassroom({ now: () => time });
    const bot = await classroom.bot();
    const message = await textChannel(bot).send('progress');
    const edit = async (content: string) => {
      time += 100;
      const answer = await fetch(
        `${classroom.server.apiUrl}/v10/channels/${message.channelId}/messages/${message.id}`,
        {
          method: 'PATCH',
          headers: { authorization: `Bot ${classroom.server.botToken}`, 'content-type': 'application/json' },
          body: JSON.stringify({ content }),
        },
      );
      return { status: answer.status, ...record(await answer.json()) };
    };
    for (let step = 1; step <= 40; step++) expect((await edit(`${step}`)).status).toBe(200);
    time += 61 * 60_000;
    const answers = [];
    for (let step = 1; step <= 31; step++) answers.push(await edit(`late ${step}`));
    expect(answers.slice(0, 30).map(({ status }) => status)).toEqual(Array.from({ length: 30 }, () => 200));
    expect(answers[30]).toMatchObject({ status: 429, code: 30046, retry_after: expect.any(Number) });
  });
});
