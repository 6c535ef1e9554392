import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';

type Arguments = ConstructorParameters<typeof MockActivityEnvironment>;

/** An activity context without a worker. Failures are what these tests are about: they are not logged. */
export function anActivityEnvironment(
  info: Arguments[0] = {},
  options: Arguments[1] = {},
): MockActivityEnvironment {
  return new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR'), ...options });
}

/** Runs an activity in it, with the types of the activity. */
export function runIn<Request, Answer>(
  environment: MockActivityEnvironment,
  activity: (request: Request) => Promise<Answer>,
  request: Request,
): Promise<Answer> {
  return environment.run<[Request], Answer, typeof activity>(activity, request);
}
