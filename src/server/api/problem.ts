import { HTTPException } from 'hono/http-exception';

import {
  ConflictError,
  DeniedError,
  InvalidInputError,
  NotFoundError,
  UnavailableError,
} from '../../domain/errors.js';

type Status = 400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 500 | 503;

/** What went wrong, as RFC 9457 has it; `field` names what is to be mended where one thing is. */
export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: Status;
  readonly detail: string;
  readonly field?: string;
}

const TITLES: Readonly<Record<Status, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

export function problem(status: Status, detail: string, field?: string): Problem {
  const title = TITLES[status];
  return {
    type: 'about:blank',
    title,
    status,
    detail,
    ...(field === undefined ? {} : { field }),
  };
}

/** The caller's mistakes in words; of what broke on our side, only that it did. */
export function problemOf(error: unknown): Problem {
  if (error instanceof InvalidInputError) return problem(422, error.message, error.field);
  if (error instanceof NotFoundError) return problem(404, error.message);
  if (error instanceof ConflictError) return problem(409, error.message);
  if (error instanceof DeniedError) return problem(403, error.message);
  if (error instanceof UnavailableError) return problem(503, error.message);
  if (error instanceof HTTPException && isStatus(error.status)) {
    return problem(error.status, error.message);
  }
  return problem(500, 'Something broke on our side; look at what the house says.');
}

function isStatus(status: number): status is Status {
  return Object.hasOwn(TITLES, status);
}
