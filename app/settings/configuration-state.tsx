import { CircleCheck, CircleQuestionMark, CircleSlash, TriangleAlert } from 'lucide-react';
import { CopyButton } from '#app/components/ui/copy-button';
import { Notice } from '#app/components/ui/notice';
import { Facts, Section } from '#app/components/ui/section';
import { StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { plural } from '#app/lib/format';
import type { ConfigurationFile, ConfigurationView, WorkerConfiguration } from '#server/services/contract';

type Look = Parameters<typeof StatusMark>[0]['look'];

const FILE_LOOK: Record<ConfigurationFile['state'], Look> = {
  in_use: { tone: 'ok', icon: CircleCheck, label: 'In use' },
  changed: { tone: 'warning', icon: TriangleAlert, label: 'Changed on disk' },
  broken: { tone: 'critical', icon: TriangleAlert, label: 'Cannot be used as it is' },
};

/** Which configuration runs, whether the file still says the same, and which worker runs with what. */
export function ConfigurationState({ configuration }: { configuration: ConfigurationView }) {
  const { hash, file, workers } = configuration;
  return (
    <Section title="Configuration" note="Each run keeps the hash of the one it was planned with." flush>
      <div className="grid gap-4 p-4">
        <Facts
          items={[
            ['In use', <Hash key="hash" value={hash} />],
            [
              'The file',
              <span key="file" className="flex flex-wrap items-center gap-x-3 gap-y-1">
                <code className="break-all">{file.name}</code>
                <StatusMark look={FILE_LOOK[file.state]} />
              </span>,
            ],
          ]}
        />
        {file.state === 'changed' ? <Changed file={file} /> : null}
        {file.state === 'broken' ? <Broken file={file} /> : null}
      </div>
      <Workers workers={workers} hash={hash} />
    </Section>
  );
}

function Hash({ value }: { value: string }) {
  return (
    // As high as with the button, which comes with JavaScript.
    <span className="inline-flex min-h-6 items-center gap-1.5 touch:min-h-11">
      <code title={value}>{value.slice(0, 12)}</code>
      <CopyButton text={value} what="the whole hash" />
    </span>
  );
}

function Changed({ file }: { file: ConfigurationFile }) {
  return (
    <Notice tone="warning" title="Changed on disk: restart to use it">
      <p>
        A restart brings <code>{file.hash?.slice(0, 12)}</code>. Until then everything runs as shown here. It
        changes {plural(file.changes.length, 'key')}:
      </p>
      <ul className="mt-1.5 grid gap-0.5">
        {file.changes.map((key) => (
          <li key={key}>
            <code className="break-all">{key}</code>
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function Broken({ file }: { file: ConfigurationFile }) {
  return (
    <Notice tone="critical" title="The file on disk cannot be used: a restart would fail">
      <p>What runs is not touched by that. Mend the file before anybody restarts the console.</p>
      <dl className="mt-2 grid gap-2">
        {file.faults.map((fault, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a key may have several faults, and the list is read whole
          <div key={index}>
            <dt>
              {fault.key ? <code className="font-semibold break-all">{fault.key}</code> : 'The whole file'}
            </dt>
            <dd className="break-words whitespace-pre-wrap">{fault.message}</dd>
          </div>
        ))}
      </dl>
    </Notice>
  );
}

function workerLook(worker: WorkerConfiguration, hash: string): Look {
  if (!worker.isAlive) return { tone: 'unknown', icon: CircleSlash, label: 'Gone' };
  if (worker.hash === null) return { tone: 'unknown', icon: CircleQuestionMark, label: 'Does not say' };
  if (worker.hash !== hash) return { tone: 'warning', icon: TriangleAlert, label: 'Another configuration' };
  return { tone: 'ok', icon: CircleCheck, label: 'The same' };
}

function Workers({ workers, hash }: { workers: WorkerConfiguration[]; hash: string }) {
  const strays = workers.filter((worker) => worker.isAlive && worker.hash !== null && worker.hash !== hash);
  return (
    <div className="border-t border-line">
      <h3 className="px-4 pt-3 pb-1 text-s font-normal text-muted">Workers, and what each runs with</h3>
      {strays.length > 0 ? (
        <Notice
          tone="warning"
          title={`${plural(strays.length, 'worker')} with another configuration`}
          className="mx-4 my-2"
        >
          Runs started here keep this configuration's hash but would be carried out with another. Restart the
          processes that are behind.
        </Notice>
      ) : null}
      {workers.length === 0 ? (
        <p className="px-4 pb-4 text-muted">No worker is there: runs wait. Start one, and it appears here.</p>
      ) : (
        <ul className="divide-y divide-line pb-1">
          {workers.map((worker) => (
            <li
              key={worker.id}
              className="flex min-h-10 flex-wrap items-center gap-x-4 gap-y-0.5 px-4 py-1.5"
            >
              <span className="min-w-40 flex-1">
                <span className="font-medium break-all">{worker.hostname}</span>{' '}
                <span className="text-muted">process {worker.pid}</span>
              </span>
              <span className="w-32">{worker.hash ? <code>{worker.hash.slice(0, 12)}</code> : null}</span>
              <StatusMark look={workerLook(worker, hash)} className="w-44" />
              <span className="w-36 text-s whitespace-nowrap text-muted sm:text-right">
                {worker.isAlive ? (
                  <>
                    started <RelativeTime at={worker.startedAt} />
                  </>
                ) : (
                  <>
                    last seen <RelativeTime at={worker.lastSeenAt} />
                  </>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
