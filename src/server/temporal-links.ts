import type { DashboardHouse } from './dashboard-house.js';

/** The address of a workflow in the Temporal UI; null where no UI is known. */
export function workflowLink(house: DashboardHouse, workflowId: string): string | null {
  if (house.temporalUi === null) return null;
  const namespace = encodeURIComponent(house.config.temporal.namespace);
  return `${house.temporalUi}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`;
}
