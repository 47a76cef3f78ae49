/** Routes as Discord names them ("GET /channels/:channel/messages/:message") and what a handler is given. */

import type { UploadedFile } from '../files.ts';
import type { User } from '../people.ts';
import type { World } from '../world.ts';
import { refusals } from './errors.ts';

export interface RestRequest {
  world: World;
  params: Record<string, string>;
  query: URLSearchParams;
  body: unknown;
  files: readonly UploadedFile[];
  /** Who asks; null where no token was given. */
  user: User | null;
  token: string | null;
  /** Where the asker reaches us ("http://192.168.0.7:8123"). */
  base: string;
  ip: string;
  /** The client's language, one of Discord's locales. */
  locale: string;
}

/** `undefined` is answered as 204 without a body. */
export type Handler = (request: RestRequest) => unknown;

export interface Route {
  method: string;
  pattern: RegExp;
  names: string[];
  handler: Handler;
  /** Requests to one bucket count together. */
  bucket: string;
}

export type RouteTable = Record<string, Handler>;

export function compileRoutes(tables: readonly RouteTable[]): Route[] {
  return tables.flatMap((table) =>
    Object.entries(table).map(([declaration, handler]) => {
      const [method = '', path = ''] = declaration.split(' ');
      const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '');
      return {
        method,
        names,
        handler,
        bucket: declaration,
        pattern: new RegExp(`^${path.replaceAll(/:\w+/g, '([^/]+)')}$`),
      };
    }),
  );
}

/** @throws ApiError 404 or 405 */
export function findRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): { route: Route; params: Record<string, string> } {
  let isKnownPath = false;
  for (const route of routes) {
    const match = route.pattern.exec(path);
    if (match === null) continue;
    isKnownPath = true;
    if (route.method !== method) continue;
    return {
      route,
      params: Object.fromEntries(route.names.map((name, index) => [name, decode(match[index + 1] ?? '')])),
    };
  }
  throw isKnownPath ? refusals.methodNotAllowed() : refusals.notFound();
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw refusals.notFound();
  }
}
