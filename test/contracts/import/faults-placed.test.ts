import { expect, test } from 'vitest';

import {
  anInterCodeRun,
  itemsIn,
  linesOf,
  MESSAGES,
  readOptions,
} from '../../support/import-lines.js';

test('a fault in a list names the record, and one of several forms all of them', async () => {
  const list = [anInterCodeRun(), anInterCodeRun({ success: 'yes' })];

  const items = await itemsIn(JSON.stringify(list, null, 2), readOptions('intercode'));

  expect(items.filter(({ kind }) => kind === 'bad')).toMatchObject([
    {
      line: 1,
      message: 'record 2 of the list: run.success: found "yes", expected true or false or 0 or 1',
    },
  ]);
});

test('content that is neither text nor parts is told with what it may be', async () => {
  const items = await itemsIn(
    linesOf([{ role: 'user', content: 5 }, MESSAGES[3]]),
    readOptions('openai-chat'),
  );

  expect(items.filter(({ kind }) => kind === 'bad')).toMatchObject([
    { message: 'transcript.messages.0.content: found 5, expected a text or a list or null' },
  ]);
});

test('a document is one whose first line is no JSON, where the whole of it is', async () => {
  const list = `[${JSON.stringify(anInterCodeRun())},\n${JSON.stringify(anInterCodeRun())}]`;
  const chat = `{"messages": [\n${MESSAGES.map((one) => JSON.stringify(one)).join(',\n')}\n]}`;

  const runs = await itemsIn(list, readOptions('intercode'));
  const chats = await itemsIn(chat, readOptions('openai-chat'));

  expect(runs.map(({ kind }) => kind)).toEqual(['record', 'run', 'record', 'run']);
  expect(chats.map(({ kind }) => kind)).toEqual(['record', 'run']);
});

test('a first line that is cut off leaves the lines after it as they are', async () => {
  const lines = linesOf('{"run_id": ', '', anInterCodeRun());

  const items = await itemsIn(lines, readOptions('intercode'));

  expect(items).toMatchObject([
    { kind: 'record' },
    { kind: 'bad', line: 1, code: 'NOT_JSON' },
    { kind: 'record' },
    { kind: 'run' },
  ]);
});
