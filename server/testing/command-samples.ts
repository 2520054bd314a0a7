import { PASSWORD } from '#server/testing/people';

/** What there is for commands to be about. */
export interface World {
  failedRun: number;
  awaitingRun: number;
  freeze: string;
  schedule: string;
  incident: number;
  /** An incident with a post-mortem. */
  postmortem: number;
  /** Somebody who can be disabled, and somebody who is. */
  person: string;
  disabled: string;
  token: string;
  notification: string;
  alert: string;
}

/** How each command is called here, in a world where nothing but the lack of a permission stands in its way. */
export const SAMPLES: Record<string, (world: World) => string> = {
  deploy: () => 'deploy production --release v1.0.0 --yes --no-follow',
  rollback: () => 'rollback production --yes --no-follow',
  'pre-deploy-check': () => 'pre-deploy-check production --release v1.0.0 --no-follow',
  'post-deploy-validate': () => 'post-deploy-validate production --no-follow',
  'releases list': () => 'releases list production',
  'releases mark': () => 'releases mark v1.0.0 stable --reason because',
  'runs list': () => 'runs list',
  'runs show': ({ failedRun }) => `runs show ${failedRun}`,
  'runs tail': ({ failedRun }) => `runs tail ${failedRun}`,
  'runs cancel': ({ awaitingRun }) => `runs cancel ${awaitingRun} --reason because --yes`,
  'runs resume': ({ failedRun }) => `runs resume ${failedRun} --yes --no-follow`,
  status: () => 'status',
  'status console': () => 'status console',
  'status health': () => 'status health production',
  'alerts list': () => 'alerts list',
  'rules list': () => 'rules list',
  'rules test': () => 'rules test health-critical --days 1',
  'rules switch': () => 'rules switch payment-failures off --reason because --yes',
  'incident start': () => 'incident start Checkout fails --level 3',
  'incident note': ({ incident }) => `incident note INC-${incident} A look`,
  'incident update': ({ incident }) =>
    `incident update ${incident} --level 4 --state identified --reason because`,
  'incident title': ({ incident }) => `incident title INC-${incident} Checkout hangs`,
  'incident role': ({ incident }) => `incident role INC-${incident} scribe`,
  'incident correct': ({ incident }) => `incident correct INC-${incident} 1 Another look`,
  'incident pin': ({ incident }) => `incident pin INC-${incident} 1`,
  'incident merge': ({ incident, postmortem }) =>
    `incident merge INC-${incident} --into INC-${postmortem} --reason because --yes`,
  'incident resolve': ({ incident }) => `incident resolve INC-${incident}`,
  'incident status-page-update': ({ incident }) =>
    `incident status-page-update ${incident} We look into it --title Trouble --next 20`,
  'incident alert-critical': ({ incident }) => `incident alert-critical INC-${incident}`,
  'incident assess': ({ incident }) => `incident assess ${incident}`,
  'incident workaround': ({ incident }) => `incident workaround ${incident} Pay by invoice`,
  'incident schedule-fix': ({ incident }) =>
    `incident schedule-fix ${incident} Another provider --due 2099-12-24`,
  'emergency assess-damage': () => 'emergency assess-damage production',
  'emergency restore-service': () => 'emergency restore-service production',
  'incident list': () => 'incident list',
  'incident show': ({ incident }) => `incident show ${incident}`,
  'incident impact': ({ incident }) => `incident impact ${incident} --users 3-9 --reason Counted`,
  'postmortem list': () => 'postmortem list --view all',
  'postmortem show': ({ postmortem }) => `postmortem show INC-${postmortem}`,
  'postmortem export': ({ postmortem }) => `postmortem export ${postmortem}`,
  'action-items list': () => 'action-items list',
  figures: () => 'figures --period 90d',
  'checks list': () => 'checks list',
  'checks results': () => 'checks results health',
  'checks add': () => 'checks add more production --title More --kind tcp --host 127.0.0.1 --port 9',
  'checks change': () => 'checks change health --title Other',
  'checks remove': () => 'checks remove health --yes',
  'checks pause': () => 'checks pause health --reason because',
  'checks resume': () => 'checks resume health',
  'checks run': () => 'checks run health',
  'metrics list': () => 'metrics list production',
  'metrics targets': () => 'metrics targets',
  'audit list': () => 'audit list',
  lock: () => 'lock production --reason because',
  unlock: () => 'unlock production --reason because',
  'approvals list': () => 'approvals list',
  'approvals approve': ({ awaitingRun }) => `approvals approve ${awaitingRun} --yes`,
  'approvals refuse': ({ awaitingRun }) => `approvals refuse ${awaitingRun} --reason because`,
  'freezes list': () => 'freezes list',
  'freezes create': () =>
    'freezes create --from 2099-12-24T18:00 --until 2099-12-27T06:00 --reason Christmas',
  'freezes end': ({ freeze }) => `freezes end ${freeze} --reason because`,
  'drills list': () => 'drills list',
  'drills run': () => 'drills run production --yes --no-follow',
  'schedules list': () => 'schedules list',
  'schedules pause': ({ schedule }) => `schedules pause ${schedule} --reason because`,
  'schedules resume': ({ schedule }) => `schedules resume ${schedule}`,
  'schedules run': ({ schedule }) => `schedules run ${schedule} --yes`,
  login: () => 'login',
  logout: () => 'logout',
  whoami: () => 'whoami',
  'token create': () => 'token create deploys --scopes overview.read',
  'token list': () => 'token list',
  'token revoke': ({ token }) => `token revoke ${token} --yes`,
  'user list': () => 'user list',
  'user create': () => 'user create new@people.example --name New --role viewer',
  'user role': ({ person }) => `user role ${person} responder --yes`,
  'user disable': ({ person }) => `user disable ${person} --reason Left --yes`,
  'user enable': ({ disabled }) => `user enable ${disabled}`,
  'user link': ({ person }) => `user link ${person}`,
  'config show': () => 'config show',
  'config check': () => 'config check',
  'deliveries list': () => 'deliveries list',
  'deliveries retry': ({ notification }) => `deliveries retry ${notification}`,
  'alerts show': ({ alert }) => `alerts show ${alert}`,
  'alerts ack': ({ alert }) => `alerts ack ${alert.slice(-8)}`,
  'alerts resolve': ({ alert }) => `alerts resolve ${alert.slice(-8)} --reason because`,
  'metrics show': () => 'metrics show visits production --kind last',
  'maintenance enable': () => 'maintenance enable production --reason because --yes --no-follow',
  'system restart': () => 'system restart production --yes --no-follow',
  'performance emergency-cache-clear': () => 'performance emergency-cache-clear production --yes --no-follow',
  'performance emergency-optimize': () => 'performance emergency-optimize production --yes --no-follow',
  'performance emergency-optimization': () =>
    'performance emergency-optimization production --yes --no-follow',
  'monitoring enhanced-mode': () => 'monitoring enhanced-mode production --reason because',
  'maintenance disable': () => 'maintenance disable production --reason because --yes --no-follow',
  'security lockdown': () => 'security lockdown production --reason because --no-follow',
  'security unlock': () => 'security unlock production --reason because --no-follow',
  'channels list': () => 'channels list',
  'channels test': () => 'channels test alerts',
  'status security': () => 'status security',
  completion: () => 'completion bash',
  help: () => 'help',
};

/** What is typed at those that ask in a terminal, whatever flags are given: the name of the environment, and the password. */
export const TYPED: Record<string, string[]> = {
  'security lockdown': ['shop/production', PASSWORD],
  'security unlock': ['shop/production', PASSWORD],
};
