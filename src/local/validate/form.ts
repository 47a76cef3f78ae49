/** Runs a zod schema over a request's body and turns what it finds into Discord's "Invalid Form Body" (50035). */
import type { z } from 'zod';
import { ApiError, type FieldError, type FieldErrors } from '../rest/errors.ts';

type Issue = z.core.$ZodIssue;

/** @throws ApiError 50035, naming each field at fault */
export function parseForm<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  throw formError(result.error.issues);
}

/** A refusal of one field that only the server can judge (an unknown id, a full list). */
export function fieldError(path: readonly (string | number)[], code: string, message: string): ApiError {
  const errors: FieldErrors = {};
  attach(errors, path, { code, message });
  return invalidForm(errors);
}

/** An issue with a code of Discord's own, for `superRefine`. */
export function issue(code: string, message: string, path: (string | number)[] = []) {
  return { code: 'custom' as const, message, path, params: { discord: code } };
}

function formError(issues: readonly Issue[]): ApiError {
  const errors: FieldErrors = {};
  for (const found of issues) {
    const path = found.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    attach(errors, path, describe(found));
  }
  return invalidForm(errors);
}

function invalidForm(errors: FieldErrors): ApiError {
  return new ApiError(400, 50035, 'Invalid Form Body', { errors });
}

function attach(errors: FieldErrors, path: readonly (string | number)[], error: FieldError): void {
  let place = errors;
  for (const part of path) {
    const inner = place[part] ?? {};
    if (Array.isArray(inner)) return;
    place[part] = inner;
    place = inner;
  }
  const known = place._errors;
  place._errors = Array.isArray(known) ? [...known, error] : [error];
}

function describe(found: Issue): FieldError {
  switch (found.code) {
    case 'too_big':
      return numeric(found.origin)
        ? { code: 'NUMBER_TYPE_MAX', message: `Value should be less than or equal to ${found.maximum}.` }
        : { code: 'BASE_TYPE_MAX_LENGTH', message: `Must be ${found.maximum} or fewer in length.` };
    case 'too_small':
      if (numeric(found.origin)) {
        return { code: 'NUMBER_TYPE_MIN', message: `Value should be greater than or equal to ${found.minimum}.` };
      }
      if (Number(found.minimum) === 1 && found.origin === 'string') return required;
      return { code: 'BASE_TYPE_MIN_LENGTH', message: `Must be ${found.minimum} or more in length.` };
    case 'invalid_type':
      if (found.input === undefined || found.input === null) return required;
      return { code: 'BASE_TYPE_BAD_TYPE', message: `Expected ${found.expected}.` };
    case 'invalid_value':
      return { code: 'BASE_TYPE_CHOICES', message: `Value must be one of {${found.values.join(', ')}}.` };
    case 'invalid_union':
      return {
        code: 'UNION_TYPE_CHOICES',
        message: `Value of field "${String(found.path.at(-1) ?? 'type')}" is not allowed here.`,
      };
    case 'invalid_format':
      return { code: 'STRING_TYPE_REGEX', message: `String value did not match the ${found.format} it must have.` };
    case 'custom': {
      const code = found.params?.discord;
      return { code: typeof code === 'string' ? code : 'CUSTOM_VALIDATION', message: found.message };
    }
    default:
      return { code: 'BASE_TYPE_INVALID', message: found.message };
  }
}

const required: FieldError = { code: 'BASE_TYPE_REQUIRED', message: 'This field is required' };

function numeric(origin: string): boolean {
  return origin === 'number' || origin === 'int' || origin === 'bigint';
}
