/** Who is behind an interaction or a message: the classroom's actor, and where and in which language they read. */
import {
  type BaseInteraction,
  type GuildMember,
  type Message,
  PermissionFlagsBits,
  type PermissionsBitField,
} from 'discord.js';
import type { APIInteractionGuildMember } from 'discord-api-types/v10';
import type { Classroom } from '../classroom/index.ts';
import { UserError } from '../errors.ts';
import { readerLocale } from '../i18n/index.ts';
import type { Store } from '../store/index.ts';
import type { Caller } from './desk.ts';

interface Books {
  readonly classroom: Classroom;
  readonly store: Store;
}

/** @throws UserError guild_only: there is no class in direct messages. */
export function callerOf(interaction: BaseInteraction, books: Books): Caller {
  const { guildId, member, channel, channelId, user } = interaction;
  if (guildId === null || member === null || channelId === null) throw new UserError('guild_only');
  const className = interaction.guild?.name ?? guildId;
  meetClass(books, guildId, className, interaction.guildLocale);
  const settings = books.classroom.settings(guildId);
  const locale = readerLocale(interaction.locale);
  return {
    actor: {
      classId: guildId,
      className,
      userId: user.id,
      name: nameIn(member) ?? user.displayName,
      isTeacher: isTeacher(interaction.memberPermissions, member, settings.teacherRoleId),
      locale,
    },
    locale,
    classLocale: settings.locale,
    channelId,
    parentId: channel?.isThread() ? channel.parentId : null,
  };
}

/** The author of a plain message; what only they read is in the class's language, as Discord does not tell theirs. */
export function authorOf(message: Message<true>, books: Books): Caller {
  const { guild, guildId, author, member, channel, channelId } = message;
  meetClass(books, guildId, guild.name, guild.preferredLocale);
  const settings = books.classroom.settings(guildId);
  return {
    actor: {
      classId: guildId,
      className: guild.name,
      userId: author.id,
      name: member?.displayName ?? author.displayName,
      isTeacher: member !== null && isTeacher(member.permissions, member, settings.teacherRoleId),
      locale: settings.locale,
    },
    locale: settings.locale,
    classLocale: settings.locale,
    channelId,
    parentId: channel.isThread() ? channel.parentId : null,
  };
}

/** A class seen for the first time is spoken to in its server's language. */
function meetClass({ store }: Books, id: string, name: string, guildLocale: string | null): void {
  store.classes.ensure({ id, name, locale: readerLocale(guildLocale) });
}

type Member = GuildMember | APIInteractionGuildMember;

/** A teacher may manage the server, or wears the role the class has set. */
function isTeacher(permissions: Readonly<PermissionsBitField> | null, member: Member, role: string | null): boolean {
  if (permissions?.has(PermissionFlagsBits.ManageGuild)) return true;
  if (role === null) return false;
  return Array.isArray(member.roles) ? member.roles.includes(role) : member.roles.cache.has(role);
}

function nameIn(member: Member): string | null {
  return 'displayName' in member ? member.displayName : (member.nick ?? null);
}
