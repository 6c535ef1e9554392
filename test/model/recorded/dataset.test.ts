import { expect, test } from 'vitest';
import { RecordedDataError } from '../../../src/model/recorded/recorded-data-error.js';
import { readRecordedTasks, readRuns } from '../../../src/model/recorded/dataset.js';
import { SMALL_RECORDING, writeSmallRecording } from './small-recording.js';

async function errorOf(files: Record<string, string>, config = 'plain'): Promise<unknown> {
  const directory = await writeSmallRecording(files);
  try {
    return await readRuns(await readRecordedTasks(directory), config);
  } catch (error) {
    return error;
  }
}

test('reads tasks in file order, tables with their rows and the names of the configurations', async () => {
  const data = await readRecordedTasks(await writeSmallRecording());

  expect(data.tasks.map(({ taskId }) => taskId)).toEqual(['t-0', 't-1']);
  expect(data.databases.get('pets')?.map(({ name }) => name)).toEqual(['Owner', 'Dog']);
  expect(data.configs).toEqual(['explore', 'informed', 'plain']);
});

test('reads the runs of a configuration by task', async () => {
  const data = await readRecordedTasks(await writeSmallRecording());

  const runs = await readRuns(data, 'informed');

  expect(runs.get('t-0')).toMatchObject({ success: true, config: 'informed' });
  expect(runs.get('t-0')?.steps[0]).toEqual({
    action: 'SELECT COUNT(*) FROM Dog',
    observation: '[(3,)]',
  });
});

test('names file, line and field of a record that does not fit', async () => {
  const good = SMALL_RECORDING['tasks.jsonl'] ?? '';
  const error = await errorOf({ 'tasks.jsonl': `${good}{"task_id":"t-2","db":7}\n` });

  expect(error).toBeInstanceOf(RecordedDataError);
  expect(error).toMatchObject({ line: 3, field: 'db' });
  expect(String(error)).toMatch(/tasks\.jsonl, line 3: db: found 7, expected .*string/);
});

test('names the line that is no JSON', async () => {
  expect(await errorOf({ 'runs/plain.jsonl': '{"run_id":\n' })).toMatchObject({ line: 1 });
});

test('refuses a run of a task that does not exist and a task that is there twice', async () => {
  const run = (SMALL_RECORDING['runs/plain.jsonl'] ?? '').replaceAll('t-1', 't-9');
  const tasks = SMALL_RECORDING['tasks.jsonl'] ?? '';

  expect(String(await errorOf({ 'runs/plain.jsonl': run }))).toContain('found t-9');
  expect(String(await errorOf({ 'tasks.jsonl': tasks + tasks }))).toContain('a second time');
});

test('says which configurations there are when asked for another', async () => {
  expect(String(await errorOf({}, 'gpt'))).toContain('expected one of explore, informed, plain');
});

test('says what is missing in a directory that holds no recording', async () => {
  await expect(readRecordedTasks('/nowhere')).rejects.toThrow(
    '/nowhere/databases.json: found no such file, expected the data directory',
  );
});
