/** Interactions: started by people, answered by the bot; the answer's webhook. The bot's calls carry their token in the path. */

import { answerOf, followUp, interactionOfWebhook, respond } from '../../answers.ts';
import { startInteraction } from '../../interaction-request.ts';
import { messageJson } from '../../message-json.ts';
import type { Message } from '../../messages.ts';
import { deleteMessage, editMessage } from '../../posting.ts';
import { parseForm } from '../../validate/form.ts';
import { messageEdit } from '../../validate/message.ts';
import { asPerson } from '../access.ts';
import type { RestRequest, RouteTable } from '../router.ts';

export const interactionRoutes: RouteTable = {
  'POST /interactions': (request) => {
    startInteraction(request.world, asPerson(request), request.body, request.locale);
  },
  'POST /interactions/:interaction/:token/callback': (request) => {
    const { interaction = '', token = '' } = request.params;
    const result = respond(request.world, interaction, token, request.body, request.files, request.base);
    return request.query.get('with_response') === 'true' ? result : undefined;
  },
  'POST /webhooks/:application/:token': (request) =>
    shown(request, followUp(request.world, ofWebhook(request), request.body, request.files)),
  'GET /webhooks/:application/:token/messages/:message': (request) => shown(request, answer(request)),
  'PATCH /webhooks/:application/:token/messages/:message': (request) =>
    shown(request, editMessage(request.world, answer(request), parseForm(messageEdit, request.body), request.files)),
  'DELETE /webhooks/:application/:token/messages/:message': (request) => deleteMessage(request.world, answer(request)),
};

function ofWebhook({ world, params }: RestRequest) {
  return interactionOfWebhook(world, params.application ?? '', params.token ?? '');
}

function answer(request: RestRequest): Message {
  return answerOf(request.world, ofWebhook(request), request.params.message ?? '');
}

function shown(request: RestRequest, message: Message) {
  return messageJson(request.world, message, { base: request.base });
}
