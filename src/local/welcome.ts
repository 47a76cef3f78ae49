/** What a new gateway session is told: READY, then the guild with its channels, threads, members and presences. */
import {
  GuildDefaultMessageNotifications,
  GuildExplicitContentFilter,
  GatewayIntentBits as Intent,
} from 'discord-api-types/v10';
import { channelJson } from './channels.ts';
import { presenceJson } from './events.ts';
import type { Session } from './gateway/session.ts';
import { memberJson, type User, userJson } from './people.ts';
import { EVERYONE_PERMISSIONS, INVITE_PERMISSIONS, TEACHER_PERMISSIONS } from './permissions.ts';
import { snowflakeTime } from './snowflake.ts';
import type { World } from './world.ts';

type Json = Record<string, unknown>;

export function welcome(world: World, session: Session): { ready: Json; events: { name: string; data: Json }[] } {
  const gatewayUrl = `${session.base.replace(/^http/, 'ws')}/gateway`;
  const ready: Json = {
    v: 10,
    user: { ...userJson(session.user), verified: true, mfa_enabled: false, email: null, locale: session.user.locale },
    session_type: 'normal',
    session_id: session.id,
    resume_gateway_url: gatewayUrl,
    guilds: [{ id: world.guild.id, unavailable: true }],
    shard: [0, 1],
  };
  if (session.user.role === 'bot') ready.application = { id: world.guild.applicationId, flags: 1 << 19 };
  const events = session.hears(Intent.Guilds) ? [{ name: 'GUILD_CREATE', data: guildCreate(world, session) }] : [];
  return { ready, events };
}

function guildCreate(world: World, session: Session): Json {
  const reader = session.user;
  const members = world.people.members();
  const listed =
    session.hears(Intent.GuildMembers) || session.hears(Intent.GuildPresences)
      ? members
      : members.filter((user) => user.id === reader.id);
  return {
    ...guildJson(world),
    joined_at: new Date(snowflakeTime(reader.id)).toISOString(),
    large: false,
    unavailable: false,
    member_count: members.length,
    voice_states: [],
    members: listed.map((user) => memberJson(user, world.guild.roles)),
    channels: world.channels.top().map((channel) => channelJson(channel, world.channelFacts(channel, reader))),
    threads: activeThreads(world, reader),
    presences: session.hears(Intent.GuildPresences)
      ? members.filter((user) => world.gateway.isOnline(user.id)).map((user) => presenceJson(world, user.id, true))
      : [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  };
}

export function activeThreads(world: World, reader: User): Json[] {
  return world.channels
    .threads()
    .filter((thread) => !thread.archived && world.channels.isVisible(thread, reader))
    .map((thread) => channelJson(thread, world.channelFacts(thread, reader)));
}

export function guildJson(world: World): Json {
  const { guild } = world;
  const owner = world.people.people().find((user) => user.role === 'teacher');
  return {
    id: guild.id,
    name: guild.name,
    icon: null,
    icon_hash: null,
    splash: null,
    discovery_splash: null,
    banner: null,
    description: null,
    owner_id: owner?.id ?? guild.id,
    region: 'deprecated',
    afk_channel_id: null,
    afk_timeout: 300,
    verification_level: 0,
    default_message_notifications: GuildDefaultMessageNotifications.OnlyMentions,
    explicit_content_filter: GuildExplicitContentFilter.Disabled,
    mfa_level: 0,
    nsfw_level: 0,
    nsfw: false,
    application_id: null,
    system_channel_id: null,
    system_channel_flags: 0,
    rules_channel_id: null,
    public_updates_channel_id: null,
    safety_alerts_channel_id: null,
    max_members: 500,
    max_presences: null,
    vanity_url_code: null,
    premium_tier: 0,
    premium_subscription_count: 0,
    premium_progress_bar_enabled: false,
    preferred_locale: guild.locale,
    features: [],
    emojis: [],
    stickers: [],
    roles: rolesJson(world),
    incidents_data: null,
  };
}

export function rolesJson(world: World): Json[] {
  const { roles, locale } = world.guild;
  const role = (id: string, name: string, position: number, permissions: bigint, more: Json = {}) => ({
    id,
    name,
    position,
    permissions: permissions.toString(),
    color: 0,
    colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
    hoist: position > 0,
    icon: null,
    unicode_emoji: null,
    managed: false,
    mentionable: false,
    flags: 0,
    ...more,
  });
  return [
    role(roles.everyone, '@everyone', 0, EVERYONE_PERMISSIONS),
    role(
      roles.teacher,
      locale === 'pt-BR' ? 'Professora ou professor' : 'Teacher',
      1,
      EVERYONE_PERMISSIONS | TEACHER_PERMISSIONS,
    ),
    role(roles.bot, world.guild.botName, 2, INVITE_PERMISSIONS, {
      managed: true,
      tags: { bot_id: world.guild.applicationId },
    }),
  ];
}
