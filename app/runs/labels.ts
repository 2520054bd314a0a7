/** The kinds of run by the id of their procedure. */
export const PROCEDURE_LABELS: Readonly<Record<string, string>> = {
  'deployments.deploy': 'Deploy',
  'deployments.rollback': 'Rollback',
  'deployments.check': 'Pre-deploy check',
  'deployments.validate': 'Validation',
};

/** A procedure's name for people; its id where it has none. */
export function procedureLabel(procedure: string): string {
  return PROCEDURE_LABELS[procedure] ?? procedure;
}

/** What a run of a procedure is doing right now, as a word. */
export function doingLabel(procedure: string): string {
  if (procedure === 'deployments.deploy') return 'Deploying';
  if (procedure === 'deployments.rollback') return 'Rolling back';
  if (procedure === 'deployments.validate') return 'Validating';
  return procedure === 'deployments.check' ? 'Checking' : 'Running';
}
