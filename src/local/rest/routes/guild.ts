/** The one guild: its members, roles and invite (the join code, for teachers). */
import { PermissionFlagsBits as Bit } from 'discord-api-types/v10';
import { z } from 'zod';
import { memberJson } from '../../people.ts';
import { newCode } from '../../secrets.ts';
import { parseForm } from '../../validate/form.ts';
import { guildJson, rolesJson } from '../../welcome.ts';
import { asUser, checkGuild, checkPermission, userOf } from '../access.ts';
import { refusals } from '../errors.ts';
import type { RestRequest, RouteTable } from '../router.ts';
import { changeMember, removeMember } from './account.ts';

export const guildRoutes: RouteTable = {
  'GET /guilds/:guild': (request) => {
    checkReader(request);
    return { ...guildJson(request.world), approximate_member_count: request.world.people.members().length };
  },
  'GET /guilds/:guild/roles': (request) => {
    checkReader(request);
    return rolesJson(request.world);
  },
  'GET /guilds/:guild/roles/:role': (request) => {
    checkReader(request);
    const role = rolesJson(request.world).find(({ id }) => id === request.params.role);
    if (role === undefined) throw refusals.notFound();
    return role;
  },
  'GET /guilds/:guild/members': (request) => {
    checkReader(request);
    const limit = Math.min(1000, Number(request.query.get('limit') ?? 1) || 1);
    const after = request.query.get('after') ?? '0';
    const members = request.world.people
      .members()
      .filter(({ id }) => BigInt(id) > BigInt(/^\d+$/.test(after) ? after : 0));
    return members.slice(0, limit).map((user) => memberJson(user, request.world.guild.roles));
  },
  'GET /guilds/:guild/members/search': (request) => {
    checkReader(request);
    const { query = '', limit } = parseForm(
      z.object({ query: z.string().optional(), limit: z.coerce.number().int().min(1).max(1000).default(1) }),
      Object.fromEntries(request.query),
    );
    const found = request.world.people
      .members()
      .filter((user) => user.name.toLowerCase().startsWith(query.toLowerCase()));
    return found.slice(0, limit).map((user) => memberJson(user, request.world.guild.roles));
  },
  'GET /guilds/:guild/members/:user': (request) => {
    checkReader(request);
    const user = userOf(request);
    if (!user.isMember) throw refusals.unknownMember();
    return memberJson(user, request.world.guild.roles);
  },
  'PATCH /guilds/:guild/members/:user': (request) => memberJson(changeMember(request), request.world.guild.roles),
  'DELETE /guilds/:guild/members/:user': removeMember,
  'GET /guilds/:guild/invites': (request) => {
    checkReader(request);
    checkPermission(asUser(request), Bit.ManageGuild);
    return [inviteJson(request)];
  },
  'DELETE /invites/:code': (request) => {
    checkPermission(asUser(request), Bit.ManageGuild);
    const { world } = request;
    if (request.params.code !== world.guild.joinCode) throw refusals.notFound();
    const old = inviteJson(request);
    world.guild.joinCode = newCode();
    world.facts.set('join_code', world.guild.joinCode);
    return old;
  },
  'GET /guilds/:guild/emojis': emptyList,
  'GET /guilds/:guild/stickers': emptyList,
  'GET /guilds/:guild/webhooks': emptyList,
};

function checkReader(request: RestRequest): void {
  checkGuild(request);
  asUser(request);
}

function emptyList(request: RestRequest): never[] {
  checkReader(request);
  return [];
}

function inviteJson({ world }: RestRequest) {
  const { guild } = world;
  return {
    code: guild.joinCode,
    type: 0,
    guild: { id: guild.id, name: guild.name },
    uses: world.people.people().length,
    max_uses: 0,
    max_age: 0,
  };
}
