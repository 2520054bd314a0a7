import type { PlaybookStepView } from '#server/incidents/playbooks/contract';
import type { StepAction } from '#server/incidents/playbooks/words/contract';
import type { IncidentLevel } from '#server/incidents/words/contract';
import type { PlaybookStep } from '#server/platform/generated/prisma/client';

export function toStepView(row: PlaybookStep): PlaybookStepView {
  const { key, title, description, startsItself, isActive, version, changedByName } = row;
  return {
    level: row.level as IncidentLevel,
    key,
    title,
    description,
    action: row.action as StepAction | null,
    startsItself,
    isActive,
    version,
    changedAt: row.changedAt.toISOString(),
    changedByName,
  };
}
