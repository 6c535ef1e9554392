import { InterceptingCall, Metadata, status, type Interceptor } from '@grpc/grpc-js';

const CLOSED = 'The connection to Temporal was closed while this call waited to be tried again';

/**
 * Ends a call with `CANCELLED` where its channel has been shut down. The Temporal client tries a failed call
 * again from a timer, up to five seconds later; by then `close` may have shut the channel down, and what
 * gRPC throws into that timer has nobody to catch it and ends the process.
 *
 * To stand after the interceptor that retries: each attempt passes through it.
 */
export const endOnClosedChannel: Interceptor = (options, nextCall) => {
  try {
    return new InterceptingCall(nextCall(options));
  } catch (error) {
    if (!isShutDown(error)) throw error;
    return closedCall();
  }
};

/** Whether a call was ended because its connection was closed. */
export function isClosedConnection(error: Error): boolean {
  const isCancelled = 'code' in error && error.code === status.CANCELLED;
  return isShutDown(error) || (isCancelled && 'details' in error && error.details === CLOSED);
}

/** The channel has no error class of its own for this. */
function isShutDown(error: unknown): boolean {
  return error instanceof Error && error.message === 'Channel has been shut down';
}

function closedCall(): InterceptingCall {
  const nothing = (): void => undefined;
  return new InterceptingCall({
    start: (_metadata, listener) => {
      process.nextTick(() => {
        // What retries hands on the last message it saw, and must have seen one.
        listener?.onReceiveMessage?.(null);
        listener?.onReceiveStatus?.({
          code: status.CANCELLED,
          details: CLOSED,
          metadata: new Metadata(),
        });
      });
    },
    cancelWithStatus: nothing,
    getPeer: () => 'none',
    sendMessageWithContext: nothing,
    sendMessage: nothing,
    startRead: nothing,
    halfClose: nothing,
    getAuthContext: () => null,
  });
}
