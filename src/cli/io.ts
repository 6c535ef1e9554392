/** Where a command speaks: one result on stdout, everything else on stderr. */
export interface Io {
  /** A line for people, on stderr. */
  readonly note: (line: string) => void;
  /** The one answer: the document with `--json`, else the text. */
  readonly result: (document: unknown, text: string) => void;
  /** One answer of many, as a line of JSON on stdout with or without `--json`. */
  readonly record: (document: unknown) => void;
  /** A progress bar on stderr; nothing where stderr is no terminal. */
  readonly progress: (total: number) => Progress;
}

export interface Progress {
  update(done: number, label: string): void;
  end(): void;
}

export interface Streams {
  readonly out: { write(text: string): unknown };
  readonly error: { write(text: string): unknown; readonly isTTY?: boolean };
}

const BAR_WIDTH = 28;

/** The streams of this process, or those of a test. */
export function createIo(streams: Streams, asJson: boolean): Io {
  const isTerminal = streams.error.isTTY === true;
  let bar = '';
  const clear = (): void => {
    if (bar !== '') streams.error.write('\r\u001b[2K');
  };
  const draw = (): void => {
    if (bar !== '') streams.error.write(bar);
  };
  return {
    note: (line) => {
      clear();
      streams.error.write(`${line}\n`);
      draw();
    },
    result: (document, text) => {
      clear();
      streams.out.write(asJson ? `${JSON.stringify(document)}\n` : `${text}\n`);
    },
    record: (document) => {
      clear();
      streams.out.write(`${JSON.stringify(document)}\n`);
    },
    progress: (total) => ({
      update: (done, label) => {
        if (!isTerminal) return;
        clear();
        const filled = total === 0 ? 0 : Math.round((BAR_WIDTH * done) / total);
        bar = `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}] ${label}`;
        draw();
      },
      end: () => {
        clear();
        bar = '';
      },
    }),
  };
}
