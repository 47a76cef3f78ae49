/** /learn WORD: a short lesson, quoting the class's last reply and last training where there are some. */
import { ApplicationCommandOptionType } from 'discord-api-types/v10';
import {
  type Answer,
  type Command,
  type CommandContext,
  described,
  lessonMessage,
  notice,
  slashCommand,
} from '../src/discord/index.ts';
import { findLesson, type LessonNumbers, nearLessons } from '../src/lessons/index.ts';

const OTHERS = 6;

async function learn({ desk, caller, options }: CommandContext): Promise<Answer> {
  const { locale } = caller;
  const word = options.getString('word', true);
  const found = findLesson(word, locale, numbersOf(desk, caller.actor.classId));
  if (!found.found) return { answer: notice(`📖 ${found.message}`) };
  const others = nearLessons('', locale).filter((title) => title !== found.lesson.title);
  return { answer: lessonMessage(found.lesson, others.slice(0, OTHERS), locale) };
}

/** The class's newest answered turn and the newest training of its open or last sitting. */
function numbersOf({ classroom, store }: CommandContext['desk'], classId: string): LessonNumbers {
  const turn = classroom.recentTurns(classId).find(({ scores }) => scores !== null);
  const version = classroom.brains(classId).at(-1);
  const trained = version?.id ? store.versions.get(version.id) : undefined;
  const job = trained?.jobId ? store.jobs.get(trained.jobId) : undefined;
  const { threshold, maxNewTokens } = classroom.settings(classId);
  return { threshold, maxNewTokens, ...ofTurn(turn), ...(job ? ofJob(classroom.job(job.id)) : {}) };
}

function ofTurn(
  turn: ReturnType<CommandContext['desk']['classroom']['recentTurns']>[number] | undefined,
): LessonNumbers {
  if (!turn?.scores) return {};
  const { rougeL, bleu, meteor, bertScore } = turn.scores;
  return { rougeL, bleu, meteor, ...(bertScore ? { bertScore: bertScore.f1 } : {}) };
}

type Job = ReturnType<CommandContext['desk']['classroom']['job']>;

/** What the recipe itself measured. */
function ofRecipe({ learning, verdict }: Job): LessonNumbers {
  const { margin, reward, kl, learnt } = learning;
  return {
    ...(margin ? { firstMargin: margin.first, lastMargin: margin.last } : {}),
    ...(reward ? { firstReward: reward.first, lastReward: reward.last } : {}),
    ...(kl === null ? {} : { kl }),
    ...(learnt > 0 ? { repliesLearnt: learnt } : {}),
    ...(verdict?.reply.change === 'less' ? { timesLess: verdict.reply.times } : {}),
  };
}

function ofJob(job: Job): LessonNumbers {
  const { steps, summary } = job;
  const [first, last] = [steps.at(0), steps.at(-1)];
  return {
    ...ofRecipe(job),
    ...(first ? { firstLoss: first.loss, firstLearningRate: first.learningRate } : {}),
    ...(last ? { lastLoss: last.loss, lastGradNorm: last.gradNorm } : {}),
    ...(summary
      ? {
          epochs: summary.epoch,
          trainRuntime: summary.trainRuntime,
          trainSamplesPerSecond: summary.trainSamplesPerSecond,
          trainStepsPerSecond: summary.trainStepsPerSecond,
          trainLoss: summary.trainLoss,
        }
      : {}),
  };
}

export default {
  data: slashCommand('learn', [
    {
      ...described('option_term'),
      type: ApplicationCommandOptionType.String,
      required: true,
      max_length: 100,
      autocomplete: true,
    },
  ]),
  parts: { '': { who: 'everyone', run: learn } },
  complete: (interaction, locale) =>
    nearLessons(interaction.options.getFocused(), locale).map((title) => ({ name: title, value: title })),
} satisfies Command;
