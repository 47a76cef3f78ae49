/** Joining, coming back, leaving; and who one is. Paths as Discord's own client uses them where it has them. */
import { PermissionFlagsBits as Bit } from 'discord-api-types/v10';
import { z } from 'zod';
import { memberAdded, memberRemoved, memberUpdated, messageDeleted } from '../../events.ts';
import { cleanName, type User, userJson } from '../../people.ts';
import { allows } from '../../permissions.ts';
import { hashOf, newCode, normaliseCode, sameSecret } from '../../secrets.ts';
import { fieldError, parseForm } from '../../validate/form.ts';
import type { World } from '../../world.ts';
import { asPerson, asUser, checkGuild, checkPermission, userOf } from '../access.ts';
import { refusals } from '../errors.ts';
import type { RateLimits } from '../rate-limit.ts';
import type { RestRequest, RouteTable } from '../router.ts';

const registration = z.object({
  global_name: z.string().max(200),
  invite: z.string().max(40).default(''),
  teacher_code: z.string().max(40).optional(),
});
const login = z.object({
  login: z.string().max(200),
  password: z.string().max(40),
  invite: z.string().max(40).default(''),
});

export function accountRoutes(limits: RateLimits): RouteTable {
  return {
    'POST /auth/register': (request) => register(request, limits),
    'POST /auth/login': (request) => comeBack(request, limits),
    'POST /auth/logout': (request) => {
      asPerson(request);
      if (request.token === null) return;
      request.world.people.revokeToken(request.token);
      request.world.gateway.expelToken(request.token);
    },
    'GET /users/@me': (request) => ownJson(asUser(request)),
    'PATCH /users/@me': (request) => ownJson(asUser(request)),
    'DELETE /users/@me': (request) => eraseMyself(request),
    'PATCH /users/@me/settings': (request) => {
      const user = asPerson(request);
      const { locale } = parseForm(z.object({ locale: z.enum(['en-US', 'pt-BR']) }), request.body);
      user.locale = locale;
      request.world.people.save(user);
      return { locale };
    },
    'GET /users/@me/guilds': (request) => {
      asUser(request);
      const { guild } = request.world;
      return [{ id: guild.id, name: guild.name, icon: null, owner: false, features: [], permissions: '0' }];
    },
    'POST /users/@me/channels': (request) => {
      asUser(request);
      throw refusals.cannotMessageUser();
    },
    'GET /users/:user': (request) => userJson(userOf(request)),
    'POST /guilds/:guild/members/:user/return-code': (request) => {
      checkGuild(request);
      const asker = asPerson(request);
      const user = userOf(request);
      if (user.id !== asker.id) checkPermission(asker, Bit.ManageGuild);
      if (user.role === 'bot' || !user.isMember) throw refusals.unknownMember();
      return { return_code: newReturnCode(request.world, user) };
    },
  };
}

function ownJson(user: User) {
  return { ...userJson(user), verified: true, mfa_enabled: false, email: null, locale: user.locale };
}

/** A newcomer with the join code gets a token, and a return code to be the same person on another computer. */
function register({ world, body, ip, locale }: RestRequest, limits: RateLimits) {
  limits.checkTry(ip, world.now());
  const form = parseForm(registration, body);
  const teacherCode = normaliseCode(form.teacher_code ?? '');
  const knowsTeacherCode = teacherCode !== '' && sameSecret(teacherCode, world.guild.teacherCode);
  if (teacherCode !== '' && !knowsTeacherCode) {
    limits.failedTry(ip, world.now());
    throw fieldError(['teacher_code'], 'TEACHER_CODE_WRONG', 'The teacher code is not right');
  }
  if (!knowsTeacherCode) checkInvite(world, form.invite, ip, limits);
  const name = cleanName(form.global_name);
  if (name === null) throw fieldError(['global_name'], 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 32 in length.');
  if (world.people.named(name) !== null)
    throw fieldError(['global_name'], 'USERNAME_ALREADY_TAKEN', 'The name is taken');
  const isFirst = world.people.people().length === 0;
  const returnCode = newCode();
  const user = world.people.add({
    id: world.ids.next(),
    name,
    role: knowsTeacherCode || isFirst ? 'teacher' : 'student',
    locale,
    returnCodeHash: hashOf(returnCode),
  });
  memberAdded(world, user);
  return { user_id: user.id, token: world.people.issueToken(user.id), return_code: returnCode };
}

function comeBack({ world, body, ip }: RestRequest, limits: RateLimits) {
  limits.checkTry(ip, world.now());
  const form = parseForm(login, body);
  checkInvite(world, form.invite, ip, limits);
  const user = world.people.named(cleanName(form.login) ?? '');
  const code = hashOf(normaliseCode(form.password));
  if (user === null || !sameSecret(code, user.returnCodeHash ?? '')) {
    limits.failedTry(ip, world.now());
    throw fieldError(['password'], 'INVALID_LOGIN', 'Name or return code is not right');
  }
  return { user_id: user.id, token: world.people.issueToken(user.id) };
}

function checkInvite(world: World, invite: string, ip: string, limits: RateLimits): void {
  if (sameSecret(normaliseCode(invite), world.guild.joinCode)) return;
  limits.failedTry(ip, world.now());
  throw fieldError(['invite'], 'INVITE_CODE_INVALID', 'The join code is not right');
}

function newReturnCode(world: World, user: User): string {
  const code = newCode();
  user.returnCodeHash = hashOf(code);
  world.people.save(user);
  return code;
}

/** Everything one said goes with one. */
function eraseMyself(request: RestRequest): void {
  const user = asPerson(request);
  eraseUser(request.world, user);
}

export function eraseUser(world: World, user: User): void {
  const messages = world.messages.idsOfAuthor(user.id);
  world.people.erase(user);
  world.channels.forgetUser(user.id);
  for (const message of messages) messageDeleted(world, { ...message, onlyFor: null });
  memberRemoved(world, user);
  world.gateway.expel(user.id);
}

/** A teacher takes somebody out of the class; what they said stays. */
export function removeMember(request: RestRequest): void {
  checkGuild(request);
  const asker = asUser(request);
  checkPermission(asker, Bit.KickMembers);
  const user = userOf(request);
  if (!user.isMember) throw refusals.unknownMember();
  if (user.role === 'bot' || (allows(user.role, Bit.ManageGuild) && user.id !== asker.id))
    throw refusals.missingPermissions();
  request.world.people.remove(user);
  request.world.channels.forgetUser(user.id);
  memberRemoved(request.world, user);
  request.world.gateway.expel(user.id);
}

/** A teacher makes somebody a teacher, or a student again. */
export function changeMember(request: RestRequest) {
  checkGuild(request);
  const asker = asUser(request);
  checkPermission(asker, Bit.ManageGuild);
  const user = userOf(request);
  if (!user.isMember || user.role === 'bot') throw refusals.unknownMember();
  const { roles } = parseForm(z.object({ roles: z.array(z.string()).max(10).optional() }), request.body);
  if (roles !== undefined && user.id !== asker.id) {
    user.role = roles.includes(request.world.guild.roles.teacher) ? 'teacher' : 'student';
    request.world.people.save(user);
    memberUpdated(request.world, user);
  }
  return user;
}
