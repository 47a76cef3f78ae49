/** The bot's application and its commands. */
import { z } from 'zod';
import { commandJson, type StoredCommand } from '../../commands.ts';
import { commandsChanged } from '../../events.ts';
import { userJson } from '../../people.ts';
import { INVITE_PERMISSIONS } from '../../permissions.ts';
import { command, commandList } from '../../validate/commands.ts';
import { parseForm } from '../../validate/form.ts';
import { asBot, asPerson, asUser, checkGuild } from '../access.ts';
import { refusals } from '../errors.ts';
import type { RestRequest, RouteTable } from '../router.ts';

const SCOPES = ['/applications/:application', '/applications/:application/guilds/:guild'];

export const applicationRoutes: RouteTable = {
  'GET /gateway': (request) => ({ url: gatewayUrl(request) }),
  'GET /gateway/bot': (request) => {
    asBot(request);
    const limit = { total: 1000, remaining: 1000, reset_after: 0, max_concurrency: 1 };
    return { url: gatewayUrl(request), shards: 1, session_start_limit: limit };
  },
  'GET /applications/@me': applicationJson,
  'PATCH /applications/@me': applicationJson,
  'GET /oauth2/applications/@me': applicationJson,
  'GET /applications/:application/emojis': (request) => {
    asBot(request);
    return { items: [] };
  },
  'GET /guilds/:guild/application-command-index': (request) => {
    checkGuild(request);
    const { commands, guild } = request.world;
    const usable = commands.usableBy(asPerson(request), guild.id);
    return {
      applications: [{ id: guild.applicationId, name: guild.botName, icon: null, bot_id: guild.applicationId }],
      application_commands: usable.map((each) => commandJson(each, guild.applicationId)),
      version:
        usable
          .map((each) => each.version)
          .sort()
          .at(-1) ?? '0',
    };
  },
  ...Object.assign({}, ...SCOPES.map(commandRoutes)),
};

function commandRoutes(scope: string): RouteTable {
  return {
    [`GET ${scope}/commands`]: (request) => json(request, request.world.commands.list(scopeOf(request))),
    [`PUT ${scope}/commands`]: (request) => {
      const guildId = scopeOf(request);
      const list = request.world.commands.replaceAll(guildId, parseForm(commandList, request.body));
      commandsChanged(request.world);
      return json(request, list);
    },
    [`POST ${scope}/commands`]: (request) => {
      const guildId = scopeOf(request);
      const body = parseForm(command, request.body);
      parseForm(commandList, [
        ...request.world.commands
          .list(guildId)
          .map((each) => each.body)
          .filter((other) => other.name !== body.name),
        body,
      ]);
      const stored = request.world.commands.put(guildId, body);
      commandsChanged(request.world);
      return commandJson(stored, request.world.guild.applicationId);
    },
    [`GET ${scope}/commands/:command`]: (request) => commandJson(commandOf(request), request.world.guild.applicationId),
    [`PATCH ${scope}/commands/:command`]: (request) => {
      const known = commandOf(request);
      const changes = parseForm(z.looseObject({}), request.body);
      const stored = request.world.commands.put(
        known.guildId,
        parseForm(command, { ...known.body, ...changes, name: known.body.name }),
      );
      commandsChanged(request.world);
      return commandJson(stored, request.world.guild.applicationId);
    },
    [`DELETE ${scope}/commands/:command`]: (request) => {
      request.world.commands.delete(commandOf(request).id);
      commandsChanged(request.world);
    },
    [`GET ${scope}/commands/permissions`]: (request) => {
      scopeOf(request);
      return [];
    },
  };
}

function scopeOf(request: RestRequest): string {
  asBot(request);
  if (request.params.guild === undefined) return '';
  checkGuild(request);
  return request.params.guild;
}

function commandOf(request: RestRequest): StoredCommand {
  const guildId = scopeOf(request);
  const found = request.world.commands.get(request.params.command ?? '');
  if (found === null || found.guildId !== guildId) throw refusals.unknownCommand();
  return found;
}

function json(request: RestRequest, list: readonly StoredCommand[]) {
  return list.map((each) => commandJson(each, request.world.guild.applicationId));
}

function gatewayUrl(request: RestRequest): string {
  return `${request.base.replace(/^http/, 'ws')}/gateway`;
}

function applicationJson(request: RestRequest) {
  const user = request.params.application === undefined ? asUser(request) : asBot(request);
  if (user.role !== 'bot') throw refusals.onlyBots();
  const { guild } = request.world;
  return {
    id: guild.applicationId,
    name: guild.botName,
    icon: null,
    description: '',
    bot_public: false,
    bot_require_code_grant: false,
    verify_key: '0'.repeat(64),
    flags: 1 << 19,
    team: null,
    owner: null,
    bot: userJson(user),
    tags: [],
    install_params: { scopes: ['bot', 'applications.commands'], permissions: INVITE_PERMISSIONS.toString() },
    integration_types_config: { 0: {} },
    approximate_guild_count: 1,
    interactions_endpoint_url: null,
  };
}
