/** Messages as a bot or a person may send them, under Discord's limits (TRUST.md A3). Lengths are UTF-16 units, the stricter count. */
import { z } from 'zod';
import {
  type AnyComponent,
  COMPONENTS_V2_FLAG,
  checkTogether,
  type MessageComponents,
  messageComponents,
} from './components.ts';
import { issue } from './form.ts';

const MAX_EMBED_TEXT = 6000;
export const MAX_FILES = 10;
export const MAX_FILE_BYTES = 10 * 1024 * 1024;

const url = z
  .string()
  .max(2048)
  .refine((text) => /^(https?|attachment):\/\//.test(text), {
    message: 'Not a well formed URL.',
    params: { discord: 'URL_TYPE_INVALID_URL' },
  });
const media = z.object({ url }).nullish();

const embed = z.object({
  title: z.string().max(256).nullish(),
  description: z.string().max(4096).nullish(),
  url: url.nullish(),
  timestamp: z.iso.datetime({ offset: true }).nullish(),
  color: z.int().min(0).max(0xffffff).nullish(),
  footer: z.object({ text: z.string().min(1).max(2048), icon_url: url.nullish() }).nullish(),
  image: media,
  thumbnail: media,
  author: z.object({ name: z.string().min(1).max(256), url: url.nullish(), icon_url: url.nullish() }).nullish(),
  fields: z
    .array(
      z.object({
        name: z.string().min(1).max(256),
        value: z.string().min(1).max(1024),
        inline: z.boolean().optional(),
      }),
    )
    .max(25)
    .nullish(),
});
export type StoredEmbed = z.infer<typeof embed>;

const allowedMentions = z
  .object({
    parse: z.array(z.enum(['roles', 'users', 'everyone'])).optional(),
    users: z.array(z.string()).max(100).optional(),
    roles: z.array(z.string()).max(100).optional(),
    replied_user: z.boolean().optional(),
  })
  .nullish();

const attachmentEntry = z.object({
  id: z.union([z.string(), z.number()]),
  filename: z.string().max(1024).optional(),
  description: z.string().max(1024).nullish(),
});

const content = z.string().max(2000).nullish();
const embeds = z.array(embed).max(10).nullish();
const nonce = z.union([z.string().max(25), z.int()]).nullish();

const parts = {
  content,
  embeds,
  allowed_mentions: allowedMentions,
  components: messageComponents.nullish(),
  attachments: z.array(attachmentEntry).max(MAX_FILES).nullish(),
  flags: z.int().nullish(),
};

const messageReference = z
  .object({ message_id: z.string(), channel_id: z.string().optional(), fail_if_not_exists: z.boolean().optional() })
  .nullish();

interface Checked {
  content?: string | null | undefined;
  embeds?: StoredEmbed[] | null | undefined;
  components?: MessageComponents | null | undefined;
  flags?: number | null | undefined;
}

function checkWhole(value: Checked, context: z.core.$RefinementCtx): void {
  const list = value.embeds ?? [];
  if (list.reduce((sum, item) => sum + embedLength(item), 0) > MAX_EMBED_TEXT) {
    context.addIssue(
      issue('MAX_EMBED_SIZE_EXCEEDED', `Embed size exceeds maximum size of ${MAX_EMBED_TEXT}`, ['embeds']),
    );
  }
  const isV2 = ((value.flags ?? 0) & COMPONENTS_V2_FLAG) !== 0;
  if (isV2 && (value.content || list.length > 0)) {
    const field = value.content ? 'content' : 'embeds';
    context.addIssue(
      issue(
        'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2',
        `The '${field}' field cannot be used with components V2`,
        [field],
      ),
    );
  }
  const tree: readonly AnyComponent[] = value.components ?? [];
  checkTogether(tree, isV2, context);
}

/** Characters of an embed that count towards the 6000 of a message. */
export function embedLength(value: StoredEmbed): number {
  const fields = (value.fields ?? []).reduce((sum, field) => sum + field.name.length + field.value.length, 0);
  const single = [value.title, value.description, value.footer?.text, value.author?.name];
  return single.reduce((sum, text) => sum + (text ?? '').length, fields);
}

export const messageCreate = z
  .object({
    ...parts,
    tts: z.boolean().optional(),
    nonce,
    enforce_nonce: z.boolean().optional(),
    message_reference: messageReference,
  })
  .superRefine(checkWhole);
export type MessageCreate = z.infer<typeof messageCreate>;

export const messageEdit = z.object(parts).superRefine(checkWhole);
export type MessageEdit = z.infer<typeof messageEdit>;
