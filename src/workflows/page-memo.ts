import type { CandidateId, TenantId } from '../domain/ids.js';

/**
 * Where the dashboard shows a run: the page of its candidate, or all of its tenant's while it has none. A
 * path alone, unless the dashboard's address is configured.
 */
export function pageMemo(
  dashboard: string | null,
  tenant: TenantId,
  candidate: CandidateId | null = null,
): Record<string, string> {
  const path = candidate === null ? '/' : `/candidates/${encodeURIComponent(candidate)}`;
  const page = `${dashboard ?? ''}${path}?tenant=${encodeURIComponent(tenant)}`;
  return { page, ...(dashboard === null ? {} : { dashboard }) };
}

/** The dashboard's address that a run was started with; null where there is none. */
export function dashboardIn(memo: Readonly<Record<string, unknown>> | undefined): string | null {
  const dashboard: unknown = memo?.['dashboard'];
  return typeof dashboard === 'string' ? dashboard : null;
}
