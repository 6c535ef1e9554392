import { Connection, type ConnectionOptions } from '@temporalio/client';

/** How to reach a server beyond its address: TLS, key, metadata. */
export type ConnectOptions = Pick<
  ConnectionOptions,
  'tls' | 'apiKey' | 'metadata' | 'connectTimeout'
>;

/**
 * Options every client connection of ours takes: gRPC would otherwise look for a server on this very
 * machine through the proxy that HTTPS_PROXY names.
 */
export function channelArgsFor(address: string): NonNullable<ConnectionOptions['channelArgs']> {
  const isLoopback = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:|$)/.test(address);
  return isLoopback ? { 'grpc.enable_http_proxy': 0 } : {};
}

/**
 * Asks the server for the namespace. Undefined when it answers, else the reason. With `use` the
 * connection serves one more purpose before it is closed.
 */
export async function problemOf(
  address: string,
  namespace: string,
  connect: ConnectOptions = {},
  use?: (connection: Connection) => Promise<void>,
): Promise<string | undefined> {
  let connection: Connection;
  try {
    connection = await Connection.connect({
      address,
      connectTimeout: '3s',
      channelArgs: channelArgsFor(address),
      ...connect,
    });
  } catch (error) {
    return `${address} does not answer: ${reasonOf(error)}`;
  }
  try {
    await connection.withDeadline(Date.now() + 5000, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } catch (error) {
    await connection.close();
    return `${address} does not serve namespace ${namespace}: ${reasonOf(error)}`;
  }
  try {
    await use?.(connection);
  } finally {
    await connection.close();
  }
  return undefined;
}

/** Whether a web page answers there within two seconds. */
export async function answersHttp(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return `${error.message}${cause}`;
}
