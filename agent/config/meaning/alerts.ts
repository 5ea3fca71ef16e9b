import type { Json } from '../../contract/index.ts';
import { isSchema } from '../plugin-options.ts';
import type { Problem } from '../problem.ts';

/** Alerts that reach nobody. */
export function checkAlerts(content: Json): Problem[] {
  const alerts = isSchema(content) ? content['alerts'] : undefined;
  if (!Array.isArray(alerts)) return [];
  return alerts.flatMap((alert: unknown, index): Problem[] => {
    const notify = isSchema(alert) ? alert['notify'] : undefined;
    if (!isSchema(alert) || (Array.isArray(notify) && notify.length > 0)) return [];
    const message = `nobody is told when this holds (${String(alert['when'])})`;
    return [{ code: 'HF4017', message, path: ['alerts', index], on: 'value', hint: 'name notifiers under "notify"' }];
  });
}
