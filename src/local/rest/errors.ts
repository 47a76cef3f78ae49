/** Refusals as Discord words them: an HTTP status and `{code, message, errors?}`. Only the codes we send. */
import { RESTJSONErrorCodes as Code } from 'discord-api-types/v10';

/** Discord's tree of field errors: a path of names and indexes, with `_errors` at its end. */
export interface FieldErrors {
  [name: string]: FieldErrors | FieldError[];
}
export interface FieldError {
  code: string;
  message: string;
}

export class ApiError extends Error {
  readonly status: number;
  readonly code: number;
  readonly errors: FieldErrors | undefined;
  readonly headers: Record<string, string>;
  readonly extra: Record<string, unknown>;

  constructor(
    status: number,
    code: number,
    message: string,
    more: { errors?: FieldErrors; headers?: Record<string, string>; extra?: Record<string, unknown> } = {},
  ) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.errors = more.errors;
    this.headers = more.headers ?? {};
    this.extra = more.extra ?? {};
  }

  toJson(): Record<string, unknown> {
    const body: Record<string, unknown> = { message: this.message, code: this.code, ...this.extra };
    if (this.errors !== undefined) body.errors = this.errors;
    return body;
  }
}

export const refusals = {
  notFound: () => new ApiError(404, Code.GeneralError, '404: Not Found'),
  methodNotAllowed: () => new ApiError(405, Code.GeneralError, '405: Method Not Allowed'),
  unauthorized: () => new ApiError(401, Code.GeneralError, '401: Unauthorized'),
  badJson: () => new ApiError(400, 50109, 'The request body contains invalid JSON.'),
  diskFull: () => new ApiError(507, Code.GeneralError, '507: Insufficient Storage'),
  tooLarge: () => new ApiError(413, Code.RequestEntityTooLarge, 'Request entity too large'),
  unknownChannel: () => new ApiError(404, Code.UnknownChannel, 'Unknown Channel'),
  unknownGuild: () => new ApiError(404, Code.UnknownGuild, 'Unknown Guild'),
  unknownMember: () => new ApiError(404, Code.UnknownMember, 'Unknown Member'),
  unknownMessage: () => new ApiError(404, Code.UnknownMessage, 'Unknown Message'),
  unknownUser: () => new ApiError(404, Code.UnknownUser, 'Unknown User'),
  unknownCommand: () => new ApiError(404, Code.UnknownApplicationCommand, 'Unknown application command'),
  unknownInteraction: () => new ApiError(404, Code.UnknownInteraction, 'Unknown interaction'),
  alreadyAcknowledged: () =>
    new ApiError(400, Code.InteractionHasAlreadyBeenAcknowledged, 'Interaction has already been acknowledged.'),
  unknownWebhook: () => new ApiError(404, Code.UnknownWebhook, 'Unknown Webhook'),
  invalidWebhookToken: () => new ApiError(401, 50027, 'Invalid Webhook Token'),
  missingAccess: () => new ApiError(403, Code.MissingAccess, 'Missing Access'),
  missingPermissions: () => new ApiError(403, Code.MissingPermissions, 'Missing Permissions'),
  onlyBots: () => new ApiError(403, Code.OnlyBotsCanUseThisEndpoint, 'Only bots can use this endpoint'),
  onlyPeople: () => new ApiError(403, Code.BotsCannotUseThisEndpoint, 'Bots cannot use this endpoint'),
  notYourMessage: () =>
    new ApiError(403, Code.CannotEditMessageAuthoredByAnotherUser, 'Cannot edit a message authored by another user'),
  emptyMessage: () => new ApiError(400, Code.CannotSendAnEmptyMessage, 'Cannot send an empty message'),
  systemMessage: () =>
    new ApiError(403, Code.CannotExecuteActionOnSystemMessage, 'Cannot execute action on a system message'),
  wrongChannelType: () =>
    new ApiError(400, Code.CannotExecuteActionOnThisChannelType, 'Cannot execute action on this channel type'),
  threadArchived: () => new ApiError(400, 50083, 'Thread is archived'),
  threadExists: () =>
    new ApiError(400, Code.ThreadAlreadyCreatedForMessage, 'A thread has already been created for this message'),
  cannotMessageUser: () => new ApiError(403, Code.CannotSendMessagesToThisUser, 'Cannot send messages to this user'),
  tooManyOldEdits: (seconds: number) =>
    new ApiError(
      429,
      Code.MaximumNumberOfEditsToMessagesOlderThanOneHourReached,
      'Maximum number of edits to messages older than 1 hour reached. Try again later.',
      { headers: { 'retry-after': String(Math.ceil(seconds)) }, extra: { retry_after: seconds, global: false } },
    ),
  rateLimited: (seconds: number, scope: 'user' | 'shared' | 'global') =>
    new ApiError(429, Code.GeneralError, 'You are being rate limited.', {
      headers: { 'retry-after': String(Math.ceil(seconds)), 'x-ratelimit-scope': scope },
      extra: { retry_after: seconds, global: scope === 'global' },
    }),
} as const;
