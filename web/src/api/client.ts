// One call to the server: retries what may be repeated, and turns every failure into a Problem.

import { newId } from '../lib/ids';

const TIMEOUT_MS = 30_000;
const PAUSES_MS = [400, 1_600]; // before the second and the third try
const PASSING = new Set([429, 502, 503, 504]);

/** Why a call failed, in words that can be shown. `status` is 0 when the server was not reached. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

export interface Ask {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  query?: Record<string, string | number | null | undefined>;
  json?: unknown;
  form?: FormData;
  signal?: AbortSignal;
}

export async function call<Answer>(path: string, ask: Ask = {}): Promise<Answer> {
  const method = ask.method ?? 'GET';
  const headers: Record<string, string> = { accept: 'application/json' };
  if (ask.json !== undefined) headers['content-type'] = 'application/json';
  // The server answers a repeated key with the first answer, so a retried save is one save.
  if (method === 'POST') headers['idempotency-key'] = newId();
  const request: RequestInit = {
    method,
    headers,
    body: ask.form ?? (ask.json === undefined ? undefined : JSON.stringify(ask.json)),
    credentials: 'same-origin',
  };
  for (let attempt = 0; ; attempt++) {
    try {
      return await once<Answer>(address(path, ask.query), request, ask.signal);
    } catch (error) {
      const pause = PAUSES_MS[attempt];
      const passing = error instanceof Problem && (error.status === 0 || PASSING.has(error.status));
      if (!passing || pause === undefined || ask.signal?.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

export function address(path: string, query: Ask['query'] = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '');
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return search ? `${path}?${search}` : path;
}

async function once<Answer>(url: string, request: RequestInit, stop?: AbortSignal): Promise<Answer> {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(url, { ...request, signal: stop ? AbortSignal.any([stop, limit]) : limit });
  } catch (error) {
    if (stop?.aborted) throw error;
    throw new Problem(0, 'unreachable', notReached());
  }
  if (!response.ok) throw await problemOf(response);
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const body = (await response.json()) as { code?: string; detail?: string; title?: string };
    return new Problem(response.status, body.code ?? 'unknown', body.detail || body.title || '');
  } catch {
    return new Problem(response.status, 'unknown', `The server answered ${response.status}.`);
  }
}

function notReached(): string {
  return navigator.onLine
    ? 'Bowerbird did not answer. It may be starting, or busy.'
    : 'You are offline. What you see stays; new pictures come when you are back.';
}
