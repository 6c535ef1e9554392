import type { Pool } from 'pg';

import type { Store } from '../activities/store.js';
import { ConflictError } from '../domain/errors.js';
import type { Slices } from '../domain/episode.js';
import type { EpisodeId, Scope, TaskId } from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import type { AcceptedTask } from '../domain/task.js';
import { digestOf } from '../contracts/digest.js';
import { episodeIdOf } from './derived-ids.js';
import { storableJson, storableOrNull, storableSlices } from './storable.js';
import { pointerIn, pointerQuery, type PointerRow } from './pointer.js';
import { queriesTenant, queryTenant } from './transaction.js';

interface TaskRow {
  readonly number: number;
  readonly episode: EpisodeId;
  readonly input: JsonObject;
  readonly subject: string | null;
  readonly slices: Slices;
}

interface AcceptedRow extends TaskRow {
  readonly input_digest: string;
  readonly existing: boolean;
}

function inputQuery({ tenant, agent }: Scope, task: TaskId) {
  return {
    name: 'task-input',
    text: `select number, episode, input, subject, slices from tasks
           where tenant = $1 and agent = $2 and task = $3`,
    values: [tenant, agent, task],
  };
}

function acceptedIn(scope: Scope, id: TaskId, row: TaskRow | undefined): AcceptedTask | null {
  if (row === undefined) return null;
  const { number, episode, input, subject, slices } = row;
  return { ...scope, id, number, episode, input, subject, slices };
}

export function taskStore(pool: Pool): Pick<Store, 'acceptTask' | 'taskInput' | 'taskAndPointer'> {
  return {
    acceptTask: async (task) => {
      const digest = digestOf(task.input);
      const { rows } = await queryTenant<AcceptedRow>(pool, task.tenant, {
        name: 'accept-task',
        text: `select number, episode, input, input_digest, subject, slices, existing
               from accept_task($1, $2, $3, $4, $5, $6, $7, $8)`,
        values: [
          task.tenant,
          task.agent,
          task.id,
          episodeIdOf(task.tenant, task.agent, task.id),
          storableJson(task.input),
          digest,
          storableOrNull(task.subject),
          storableSlices(task.slices),
        ],
      });
      const [row] = rows;
      if (row === undefined) throw new Error(`task ${task.id} was not stored`);
      if (row.input_digest !== digest) {
        throw new ConflictError(
          `task ${task.id} of agent ${task.agent}: found it accepted with another input, ` +
            'expected the same; choose another id',
        );
      }
      const { tenant, agent, id } = task;
      const { number, episode, input, subject, slices, existing } = row;
      return { tenant, agent, id, number, episode, input, subject, slices, existing };
    },

    taskInput: async (scope, task) => {
      const { rows } = await queryTenant<TaskRow>(pool, scope.tenant, inputQuery(scope, task));
      return acceptedIn(scope, task, rows[0]);
    },

    taskAndPointer: async (scope, task) => {
      const results = await queriesTenant<TaskRow | PointerRow>(pool, scope.tenant, [
        inputQuery(scope, task),
        pointerQuery(scope),
      ]);
      const rows = results.flatMap((result) => result.rows);
      return {
        task: acceptedIn(
          scope,
          task,
          rows.find((row) => 'episode' in row),
        ),
        pointer: pointerIn(rows.filter((row) => 'active' in row)),
      };
    },
  };
}
