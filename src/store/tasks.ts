import type { Pool } from 'pg';

import type { Store } from '../activities/store.js';
import { ConflictError } from '../domain/errors.js';
import type { Slices } from '../domain/episode.js';
import type { EpisodeId } from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import { digestOf } from '../contracts/digest.js';
import { episodeIdOf } from './derived-ids.js';
import { storableJson, storableOrNull, storableSlices } from './storable.js';
import { queryTenant } from './transaction.js';

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

export function taskStore(pool: Pool): Pick<Store, 'acceptTask' | 'taskInput'> {
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
      const { rows } = await queryTenant<TaskRow>(pool, scope.tenant, {
        name: 'task-input',
        text: `select number, episode, input, subject, slices from tasks
               where tenant = $1 and agent = $2 and task = $3`,
        values: [scope.tenant, scope.agent, task],
      });
      const [row] = rows;
      return row === undefined ? null : { ...scope, id: task, ...row };
    },
  };
}
