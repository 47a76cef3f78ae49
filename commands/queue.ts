/** /queue: what is training, and what is waiting. */
import { type Command, queueMessage, slashCommand } from '../src/discord/index.ts';

export default {
  data: slashCommand('queue'),
  parts: {
    '': {
      who: 'everyone',
      run: async ({ desk, caller }) => ({
        answer: queueMessage(desk.classroom.queueView(), caller.actor.classId, caller.locale),
      }),
    },
  },
} satisfies Command;
